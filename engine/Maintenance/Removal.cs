using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>The deletions of a collection, after its epoch was published.</summary>
internal sealed class Removal(Repository repository, CollectorEpoch epoch, CollectPolicy policy, Stock stock, CollectProgress progress)
{
    private const int Batch = 64;
    private const int SideBySide = 8;
    private const uint EpochsKept = 8;

    /// <param name="due">Packs that the marks of this run do not need and that have waited.</param>
    /// <param name="entries">The manifests that this run saw.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Removed> RunAsync(HashSet<PackId> due, List<PointEntry> entries, CancellationToken ct)
    {
        repository.Index.Condemn(epoch.Condemned.Select(c => c.Id).ToHashSet());
        if (due.Count > 0) await SpareFreshAsync(due, ct);
        if (await IsSupersededAsync(ct)) return new Removed(0, 0, Superseded: true);
        // No index object may name a pack that is gone, so they change before the packs go.
        var gone = epoch.Condemned.Where(c => c.Deleted).Select(c => c.Id).Concat(stock.Missing).ToHashSet();
        gone.UnionWith(due);
        gone.IntersectWith(repository.Index.Packs.Select(p => p.Id));
        await new IndexRewrite(repository, policy.MostSmallIndexObjects).RunAsync(gone, ct);
        var removed = await DeletePacksAsync([.. due.Order()], ct);
        if (removed.Superseded) return removed;
        await DeleteVoidAsync(entries, ct);
        await DeleteOldEpochsAsync(ct);
        return removed;
    }

    // Points that were published between the listing and the epoch: the epoch does not name them, and they need what they refer to all the same.
    private async Task SpareFreshAsync(HashSet<PackId> due, CancellationToken ct)
    {
        var entries = await repository.Points.ListAsync(epoch, ct);
        if (entries.Find(e => e.Fault is not null) is { } unreadable) throw new EngineException(Fault.Corrupt, unreadable.Name, "cannot be read, so what it needs is not known", unreadable.Fault);
        var fresh = entries.FindAll(e => e.Holds && !epoch.Saw(e.Id));
        if (fresh.Count == 0) return;
        await repository.SyncIndexAsync(ct);
        using var marks = repository.Index.CreateMarks(stock.Missing);
        await new PointMarker(repository, marks, progress).RunAsync(fresh, report: false, ct);
        foreach (var (pack, live, _) in marks.LivePerPack())
        {
            if (live > 0) due.Remove(pack.Id);
        }
    }

    private async Task<Removed> DeletePacksAsync(PackId[] due, CancellationToken ct)
    {
        var (count, bytes) = (0, 0L);
        foreach (var batch in due.Chunk(Batch))
        {
            if (await IsSupersededAsync(ct)) return new Removed(count, bytes, Superseded: true);
            await Parallel.ForEachAsync(batch, new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = ct }, async (pack, token) =>
            {
                await repository.Store.DeleteAsync(PackFetcher.NameOf(pack), token);
                progress.AddDeleted();
            });
            count += batch.Length;
            bytes += batch.Sum(pack => stock.Packs.TryGetValue(pack, out var stored) ? stored.Length : 0);
        }

        return new Removed(count, bytes, Superseded: false);
    }

    // A point is void from the third epoch after its own on; two more, and nobody waits for it.
    private async Task DeleteVoidAsync(List<PointEntry> entries, CancellationToken ct)
    {
        foreach (var entry in entries.Where(e => !e.Holds && e.Point is not null && epoch.Number >= (ulong)e.Point.Epoch + 5)) await repository.Points.DeleteAsync(entry.Id, ct);
    }

    private async Task DeleteOldEpochsAsync(CancellationToken ct)
    {
        foreach (var name in await repository.Objects.ListAsync(CollectorEpoch.Prefix, ct))
        {
            if (uint.TryParse(name.LastPart, out var number) && name == CollectorEpoch.NameOf(number) && number + EpochsKept <= epoch.Number) await repository.Store.DeleteAsync(name, ct);
        }
    }

    private async Task<bool> IsSupersededAsync(CancellationToken ct) => await repository.Store.FindAsync(CollectorEpoch.NameOf(epoch.Number + 1), ct) is not null;
}

/// <summary>What was deleted.</summary>
internal readonly record struct Removed(int Packs, long Bytes, bool Superseded);
