using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Checks a repository and says what damage means for its recovery points. Changes nothing; runs beside every other operation.</summary>
/// <remarks>
/// Damage never ends a run: what is wrong is listed and the rest is checked. Points that are published and packs that are stored after the run began are not
/// looked at; a pack that a collector deletes meanwhile may be called missing, but then no point that holds needs it, and no damage is reported.
/// </remarks>
public static class Verifier
{
    /// <summary>Runs one verification.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="options">How much to read.</param>
    /// <param name="progress">Counts while it runs.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="EngineException">The store cannot be reached, or the local cache cannot be written; damage is no exception.</exception>
    public static Task<VerifyResult> RunAsync(Repository repository, VerifyOptions options, VerifyProgress progress, CancellationToken ct) =>
        RunAsync(repository, options.Checked(), static _ => true, progress, ct);

    internal static async Task<VerifyResult> RunAsync(Repository repository, VerifyOptions options, Func<PackId, bool> selected, VerifyProgress progress, CancellationToken ct)
    {
        var findings = new FindingList();
        var points = await PointsAsync(repository, findings, ct);
        await CheckEpochAsync(repository, findings, ct);
        await SyncAsync(repository, findings, ct);
        var stock = await PackStock.ListAsync(repository, ct);
        var bad = new BadPlaces(repository.Index);
        var indexed = Compare(repository, stock, selected, options.Level, bad, findings, progress);
        if (options.Level != VerifyLevel.Quick)
        {
            var scan = new PackScan(repository, stock, selected, options.Level == VerifyLevel.Full, options.Workers, progress);
            await scan.RunAsync(verdict => Take(verdict, bad, findings), findings.Add, ct);
        }

        var damage = await WalkAsync(repository, points, bad, findings, progress, ct);
        var (kept, left) = findings.Take();
        return new VerifyResult(options.Level, points.Count, options.Level == VerifyLevel.Quick ? indexed : progress.Packs, progress.Blobs, stock.Count - Known(repository, stock), kept, left, damage);
    }

    /// <summary>The points that hold; what cannot be read or does not hold is a finding.</summary>
    private static async Task<List<PointEntry>> PointsAsync(Repository repository, FindingList findings, CancellationToken ct)
    {
        var all = await repository.ListPointsAsync(ct);
        foreach (var entry in all)
        {
            if (entry.Fault is { } fault) findings.Add(fault);
            else if (!entry.Holds) findings.Add(new Finding(Fault.SessionOutlived, entry.Name, "was published after the collector had gone on twice: it is void"));
        }

        return [.. all.Where(e => e.Holds && e.Point is not null)];
    }

    // Points are listed without it; but no backup and no collection begins.
    private static async Task CheckEpochAsync(Repository repository, FindingList findings, CancellationToken ct)
    {
        try
        {
            await CollectorEpoch.LatestAsync(repository.Objects, ct);
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.NewerFormat or Fault.MissingEpoch)
        {
            findings.Add(e);
        }
    }

    private static async Task SyncAsync(Repository repository, FindingList findings, CancellationToken ct)
    {
        try
        {
            await repository.SyncIndexAsync(ct);
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.MissingEpoch)
        {
            // All other index objects are in the index; a scan names every unreadable one.
            findings.Add(e);
        }
    }

    private static int Compare(Repository repository, Dictionary<PackId, BlobInfo> stock, Func<PackId, bool> selected, VerifyLevel level, BadPlaces bad, FindingList findings, VerifyProgress progress)
    {
        var count = 0;
        foreach (var pack in repository.Index.Packs)
        {
            var name = PackFetcher.NameOf(pack.Id).Value;
            if (!stock.TryGetValue(pack.Id, out var stored))
            {
                bad.Add(pack.Id);
                findings.Add(new Finding(Fault.MissingData, name, "is listed in the index and not in the store"));
                continue;
            }

            count++;
            if (stored.Length != pack.Length) findings.Add(new Finding(Fault.Corrupt, name, $"has {stored.Length} bytes; the index says {pack.Length}"));
            // Without reading it, only that a part is missing is known; the damage walk of a quick run takes all of it for lost.
            if (stored.Length < pack.Length && level == VerifyLevel.Quick) bad.Add(pack.Id);
            if (level != VerifyLevel.Quick && selected(pack.Id)) progress.AddTotal(pack.Length);
        }

        return count;
    }

    private static int Known(Repository repository, Dictionary<PackId, BlobInfo> stock) => repository.Index.Packs.Count(p => stock.ContainsKey(p.Id));

    private static void Take(PackVerdict verdict, BadPlaces bad, FindingList findings)
    {
        foreach (var problem in verdict.Problems) findings.Add(problem);
        bad.Add(verdict);
    }

    private static async Task<List<DiskDamage>> WalkAsync(Repository repository, List<PointEntry> points, BadPlaces bad, FindingList findings, VerifyProgress progress, CancellationToken ct)
    {
        var walk = new DamageWalk(new NodeReader(repository.Fetcher), bad, findings);
        var damage = new List<DiskDamage>();
        foreach (var point in points)
        {
            foreach (var disk in point.Point!.Disks)
            {
                var lost = await walk.RunAsync(disk.Map, ct);
                if (lost.Count > 0) damage.Add(Damage(point, disk, lost));
            }

            progress.AddPoint();
        }

        return damage;
    }

    private static DiskDamage Damage(PointEntry point, DiskRecord disk, List<BlockRange> lost)
    {
        var ranges = lost.ConvertAll(r => new ByteRange(r.First * Block.Size, Math.Min(r.End * Block.Size, disk.Length) - (r.First * Block.Size)));
        return new DiskDamage(point.Id, point.Point!.Host, disk.Name, ranges, ranges.Sum(r => r.Length));
    }
}
