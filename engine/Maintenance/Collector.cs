using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Removes packs that no recovery point needs, two epochs and a day after it said so (docs/design/concurrency.md).</summary>
/// <remarks>
/// Runs beside every other operation; of two collections at once one is told <see cref="Fault.Busy"/>, or stops before its next deletions. Cut at any
/// store call it loses nothing, and the next run goes on.
/// </remarks>
public static class Collector
{
    /// <summary>Runs one collection.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="policy">When and how.</param>
    /// <param name="progress">Counts while it runs.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="EngineException"><see cref="Fault.ClockJumped"/>; <see cref="Fault.Corrupt"/>: a manifest, map node or index object cannot be
    /// read; <see cref="Fault.MissingData"/>: a point needs what is not there; <see cref="Fault.StoreLies"/>: a listing lacks what exists;
    /// <see cref="Fault.Busy"/>. Nothing was condemned or deleted then. Or a fault of the store.</exception>
    public static Task<CollectResult> RunAsync(Repository repository, CollectPolicy policy, CollectProgress progress, CancellationToken ct) =>
        new CollectRun(repository, policy.Checked(), progress).RunAsync(ct);

    /// <summary>Deletes a recovery point; its data goes with later collections.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="id">The point.</param>
    /// <param name="danger">What is allowed to be destroyed.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/>; <see cref="Fault.Protected"/>: the last good point of its host.</exception>
    public static async Task DeletePointAsync(Repository repository, PointId id, DeleteDanger danger, CancellationToken ct)
    {
        var points = await repository.ListPointsAsync(ct);
        var wanted = points.FirstOrDefault(p => p.Id == id) ?? throw new EngineException(Fault.NotFound, $"point {id.Abbreviated}", "does not exist");
        var others = points.Any(p => p.Id != id && p.Holds && p.Point is not null && p.Point.Host == wanted.Point?.Host);
        if (wanted is { Holds: true, Point: not null } && !others && danger != DeleteDanger.LastGoodPoint)
        {
            throw new EngineException(Fault.Protected, $"point {id.Abbreviated}", $"is the last good point of {wanted.Point.Host}");
        }

        await repository.Points.DeleteAsync(id, ct);
    }

    /// <summary>Deletes a manifest without a look at the others: for whoever keeps a catalogue of its own and has decided by it. Without effect when there is none.</summary>
    public static Task DropPointAsync(Repository repository, PointId id, CancellationToken ct) => repository.Points.DeleteAsync(id, ct);
}

/// <summary>What a deletion may destroy.</summary>
public enum DeleteDanger
{
    /// <summary>Never the last good point of a host.</summary>
    None,
    /// <summary>Also the last good point of a host.</summary>
    LastGoodPoint,
}

/// <summary>One collection.</summary>
internal sealed class CollectRun(Repository repository, CollectPolicy policy, CollectProgress progress)
{
    private readonly List<Finding> findings = [];

    public async Task<CollectResult> RunAsync(CancellationToken ct)
    {
        var before = await CollectorEpoch.LatestAsync(repository.Objects, ct);
        var entries = await repository.Points.ListAsync(before, ct);
        await RefuseDoubtAsync(before, entries, ct);
        var now = await repository.Store.ClockAsync(ct);
        StoreClock.Check(repository.Store.Location, before, entries, repository.Time.GetUtcNow(), now, policy.Clock);
        var held = entries.FindAll(e => e.Holds);
        // Manifests first, then the index, then the packs: so whatever a listed point needs is in what is read after it.
        await repository.SyncIndexAsync(ct);
        var stock = await StockAsync(ct);
        repository.Index.Condemn(before.Condemned.Select(c => c.Id).ToHashSet());
        using var marks = repository.Index.CreateMarks(stock.Missing);
        var missing = await MarkAsync(before, held, marks, ct);
        if (missing.Count > 0) return Unchanged(before, entries, missing);

        var verdict = new CondemnedList(before, now, policy.MinimumAge, marks.LivePerPack(), stock);
        var compacted = await new Compactor(repository, marks, policy, progress, findings).RunAsync(verdict.CompactionCandidates(policy.CompactBelow, before.At), ct);
        verdict.Add(compacted);
        var epoch = new CollectorEpoch(before.Number + 1, now, [.. held.Select(e => e.Id.ToString()).Order(StringComparer.Ordinal)], verdict.List());
        await epoch.PublishAsync(repository.Objects, ct);
        var removed = await new Removal(repository, epoch, policy, stock, progress).RunAsync(verdict.Due(epoch.Number), entries, ct);
        return new CollectResult(
            epoch.Number, held.Count, Void(entries), verdict.NewlyCondemned, verdict.NeededAgain, epoch.Condemned.Count(c => !c.Deleted) - removed.Packs, compacted.Count, removed.Packs, removed.Bytes, removed.Superseded, findings);
    }

    private async Task<IReadOnlyList<Finding>> MarkAsync(CollectorEpoch before, List<PointEntry> held, MarkSet marks, CancellationToken ct)
    {
        try
        {
            return await new PointMarker(repository, marks, progress).RunAsync(held, policy.ReportMissingData, ct);
        }
        catch (EngineException e) when (e.Fault is Fault.MissingData or Fault.Corrupt)
        {
            // A point that was deleted since it was listed may have lost its packs to another collector: no damage.
            var next = CollectorEpoch.NameOf(before.Number + 1);
            if (await repository.Store.FindAsync(next, ct) is null) throw;
            throw new EngineException(Fault.Busy, next.Value, "another collector has published this epoch", e);
        }
    }

    private static CollectResult Unchanged(CollectorEpoch before, List<PointEntry> entries, IReadOnlyList<Finding> missing) =>
        new(before.Number, entries.Count(e => e.Holds), Void(entries), 0, 0, before.Condemned.Count(c => !c.Deleted), 0, 0, 0, Superseded: false, missing);

    private static List<string> Void(List<PointEntry> entries) => [.. entries.Where(e => !e.Holds).Select(e => e.Name)];

    private async Task RefuseDoubtAsync(CollectorEpoch before, List<PointEntry> entries, CancellationToken ct)
    {
        if (entries.Find(e => e.Fault is not null) is { } unreadable) throw new EngineException(Fault.Corrupt, unreadable.Name, $"cannot be read, so what it needs is not known: {unreadable.Fault!.Message}", unreadable.Fault);
        var listed = entries.Select(e => e.Id).ToHashSet();
        foreach (var id in before.Points.Select(PointId.TryParse).OfType<PointId>().Where(id => !listed.Contains(id)))
        {
            if (await repository.Store.FindAsync(PointCatalogue.NameOf(id), ct) is not null) throw new EngineException(Fault.StoreLies, PointCatalogue.NameOf(id).Value, "exists and is not listed");
        }
    }

    private async Task<Stock> StockAsync(CancellationToken ct)
    {
        var listed = await PackStock.ListAsync(repository, ct);
        var missing = new HashSet<PackId>();
        foreach (var pack in repository.Index.Packs.Where(p => !listed.ContainsKey(p.Id)))
        {
            if (await repository.Store.FindAsync(Packs.PackFetcher.NameOf(pack.Id), ct) is { } found) listed[pack.Id] = found;
            else missing.Add(pack.Id);
        }

        return new Stock(listed, missing);
    }
}

/// <summary>The packs that exist, and those that the index names and that do not.</summary>
internal sealed record Stock(Dictionary<PackId, BlobInfo> Packs, HashSet<PackId> Missing);
