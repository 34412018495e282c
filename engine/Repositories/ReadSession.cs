using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Restore;

namespace HyperBdr.Engine.Repositories;

/// <summary>Reads recovery points. Safe for calls side by side; lives as long as its repository.</summary>
public sealed class ReadSession
{
    private readonly NodeReader nodes;
    private readonly PointReader reader;

    internal ReadSession(Repository repository)
    {
        nodes = new NodeReader(repository.Fetcher);
        reader = new PointReader(repository.Fetcher);
    }

    /// <summary>A disk of a point as a block source; costs no request before the first read.</summary>
    /// <param name="id">The point.</param>
    /// <param name="disk">The disk, as the point's manifest records it.</param>
    public PointSource OpenDisk(PointId id, DiskRecord disk) => new($"{id.Abbreviated}/{disk.Name}", OpenMap(disk), reader);

    /// <summary>A disk's block map.</summary>
    public MapReader OpenMap(DiskRecord disk) => new(nodes, disk.Map);

    /// <summary>A restore of a disk, to be run.</summary>
    public DiskRestore Restore(DiskRecord disk, IBlockTarget target, RestoreOptions options) => new(OpenMap(disk), reader, target, options);

    /// <summary>Block ranges that two disks map differently: a superset of the bytes that differ.</summary>
    public IAsyncEnumerable<BlockRange> DifferencesAsync(DiskRecord before, DiskRecord after, CancellationToken ct) => MapDiff.RangesAsync(nodes, before.Map, after.Map, ct);
}
