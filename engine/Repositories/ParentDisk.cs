using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;

namespace HyperBdr.Engine.Repositories;

/// <summary>Whether a parent's disk can be built on: what a repair could not save must be stored anew, not taken over as unchanged.</summary>
internal static class ParentDisk
{
    /// <summary>The disk, or null when a part of it is lost. Looks only in a repository in which something was ever damaged.</summary>
    public static async Task<DiskRecord?> WholeOrNoneAsync(Repository repository, DiskRecord? disk, CancellationToken ct)
    {
        if (disk is null || !await WasDamagedAsync(repository, ct)) return disk;
        var seen = new HashSet<ChunkId>();
        var lost = false;
        await MapWalk.VisitAsync(new NodeReader(repository.Fetcher), disk.Map, seen.Add, id => lost |= !repository.Fetcher.TryLocate(id, out _), (_, _) => lost = true, ct);
        return lost ? null : disk;
    }

    private static async Task<bool> WasDamagedAsync(Repository repository, CancellationToken ct)
    {
        await foreach (var _ in repository.Store.ListAsync(RepositoryObjects.QuarantinePrefix, ct)) return true;
        return false;
    }
}
