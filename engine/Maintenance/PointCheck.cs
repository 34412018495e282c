using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>What a check of one point found.</summary>
/// <param name="Point">What its manifest says; null when there is none or it cannot be read.</param>
/// <param name="Holds">True when the collector's epochs let it be restored from.</param>
/// <param name="Findings">What of it is missing or damaged; empty when it can be restored whole.</param>
public sealed record PointVerdict(RecoveryPoint? Point, bool Holds, IReadOnlyList<Finding> Findings)
{
    /// <summary>True when nothing stands against the point.</summary>
    public bool IsWhole => Point is not null && Holds && Findings.Count == 0;
}

/// <summary>Checks one point as a quick verification does: every map node is read, every chunk lies in an indexed pack that the store has in full. Changes nothing.</summary>
public static class PointCheck
{
    /// <summary>Runs the check.</summary>
    /// <exception cref="EngineException">The store cannot be reached, or the local cache cannot be written; damage is no exception.</exception>
    public static async Task<PointVerdict> RunAsync(Repository repository, PointId id, CancellationToken ct)
    {
        if (await repository.FindPointAsync(id, ct) is not { } entry) return new PointVerdict(null, Holds: false, [new Finding(Fault.NotFound, $"point {id.Abbreviated}", "has no manifest")]);
        if (entry.Point is null) return new PointVerdict(null, Holds: false, [Finding.Of(entry.Fault!)]);
        if (!entry.Holds) return new PointVerdict(entry.Point, Holds: false, [new Finding(Fault.SessionOutlived, entry.Name, "was published after the collector had gone on twice: it is void")]);
        var findings = new FindingList();
        try
        {
            await repository.SyncIndexAsync(ct);
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.MissingEpoch)
        {
            // Whether this point needs what only that index object lists, the walk tells.
        }

        var walk = new DamageWalk(new NodeReader(repository.Fetcher), await BadPacksAsync(repository, ct), findings);
        foreach (var disk in entry.Point.Disks) await walk.RunAsync(disk.Map, ct);
        return new PointVerdict(entry.Point, Holds: true, findings.Take().Kept);
    }

    private static async Task<BadPlaces> BadPacksAsync(Repository repository, CancellationToken ct)
    {
        var stock = await PackStock.ListAsync(repository, ct);
        var bad = new BadPlaces(repository.Index);
        foreach (var pack in repository.Index.Packs)
        {
            // A listing may lag behind what was put a moment ago.
            if (!stock.TryGetValue(pack.Id, out var stored)) stored = await repository.Store.FindAsync(PackFetcher.NameOf(pack.Id), ct);
            if (stored is null || stored.Length < pack.Length) bad.Add(pack.Id);
        }

        return bad;
    }
}
