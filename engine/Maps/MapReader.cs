using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>Reads the block map of a disk.</summary>
/// <remarks>
/// Thread-safe: any number of readers may use it at once. Opening loads nothing; finding a block loads one node per level
/// at most. Keeps the decoded nodes used last in memory (about 4 KiB each, at most 90 KiB for a wholly fragmented leaf).
/// Every method fails with <see cref="EngineException"/>: <see cref="Fault.MissingData"/>, <see cref="Fault.Corrupt"/>,
/// <see cref="Fault.NewerFormat"/>, or what the node store says; a failed load is tried anew by the next call.
/// </remarks>
public sealed class MapReader
{
    /// <summary>Leaves that are loaded ahead when extents are read in sequence.</summary>
    private const int LeavesAhead = 4;

    /// <summary>Below this, the leaves loaded ahead would push out the path to them.</summary>
    private const int MinCachedNodes = 16;

    private readonly NodeCache cache;

    /// <summary>Opens a map without loading anything.</summary>
    /// <param name="nodes">Where the nodes are.</param>
    /// <param name="root">The map's root.</param>
    /// <param name="cachedNodes">Decoded nodes to keep in memory; fewer than 16 count as 16.</param>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: level and length of the root do not belong together.</exception>
    public MapReader(INodeStore nodes, MapRoot root, int cachedNodes = 256)
    {
        MapShape.Check(root);
        Root = root;
        Blocks = Block.CountFor(root.Length);
        cache = new NodeCache(nodes, Math.Max(cachedNodes, MinCachedNodes));
    }

    /// <summary>The root that is read.</summary>
    public MapRoot Root { get; }

    /// <summary>Blocks of the disk; the last may be partly filled.</summary>
    public long Blocks { get; }

    /// <summary>The extents of a range: ascending, adjoining, covering exactly the range as far as the disk goes.</summary>
    /// <remarks>Extents that continue each other are one, whatever nodes they come from; a hole is cut every 2^30 blocks.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A negative block or count.</exception>
    public IAsyncEnumerable<MapExtent> ExtentsAsync(long firstBlock, long count, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstBlock);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return JoinedAsync(firstBlock, count < Blocks - firstBlock ? firstBlock + count : Blocks, ct);
    }

    /// <summary>The extent that holds a block, as its leaf has it; a hole reaches as far as its missing subtree, but at most 2^30 blocks.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The block is not on the disk.</exception>
    public async ValueTask<MapExtent> FindAsync(long block, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(block, Blocks);
        var place = await DescendAsync(block, 0, ct);
        var end = Math.Min(place.End, Blocks);
        if (!place.Node.IsHole)
        {
            var leaf = (LeafNode)await cache.GetAsync(place.Node, 0, ct);
            var run = leaf.RunAt((int)(block - place.Start));
            return leaf.Cut(run, place.Start, place.Start, end).Extents().First();
        }

        var window = block & -Stretch.MaxExtentBlocks;
        return Stretch.Hole(Math.Max(place.Start, window), Math.Min(end, window + Stretch.MaxExtentBlocks)).Extents().First();
    }

    /// <summary>Every node of the map, each before its children, in the disk's order; leaves are named without being loaded.</summary>
    /// <remarks>A node that stands at several places is given once for each.</remarks>
    public IAsyncEnumerable<ChunkId> NodesAsync(CancellationToken ct) => NodesAsync(Root.Node, Root.Level, ct);

    /// <summary>The node of a level that begins with a block; <c>default</c> for a hole.</summary>
    internal async ValueTask<ChunkId> NodeAtAsync(int level, long block, CancellationToken ct) => (await DescendAsync(block, level, ct)).Node;

    /// <summary>The leaf that covers a block; null for a hole.</summary>
    internal async ValueTask<LeafNode?> LeafAtAsync(long block, CancellationToken ct)
    {
        var place = await DescendAsync(block, 0, ct);
        return place.Node.IsHole ? null : (LeafNode)await cache.GetAsync(place.Node, 0, ct);
    }

    /// <summary>The leaves and missing subtrees of a range in order, cut to the range, leaves loaded a few ahead.</summary>
    internal IAsyncEnumerable<LoadedPiece> PiecesAsync(long first, long end, CancellationToken ct) =>
        Ahead.LoadAsync(PlacesAsync(first, end, ct), LeavesAhead, async (place, token) => new LoadedPiece(
            place.Start, Math.Max(first, place.Start), Math.Min(end, place.End),
            place.Node.IsHole ? null : (LeafNode)await cache.GetAsync(place.Node, 0, token)), ct);

    private async IAsyncEnumerable<MapExtent> JoinedAsync(long first, long end, [EnumeratorCancellation] CancellationToken ct)
    {
        var held = default(Stretch);
        await foreach (var piece in PiecesAsync(first, end, ct))
        {
            foreach (var next in piece.Stretches())
            {
                if (held.IsContinuedBy(next))
                {
                    held = held.With(next);
                    continue;
                }

                foreach (var extent in held.Extents()) yield return extent;
                held = next;
            }
        }

        foreach (var extent in held.Extents()) yield return extent;
    }

    private async IAsyncEnumerable<Place> PlacesAsync(long first, long end, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var block = first; block < end;)
        {
            var place = await DescendAsync(block, 0, ct);
            yield return place;
            block = place.End;
        }
    }

    private async IAsyncEnumerable<ChunkId> NodesAsync(ChunkId id, int level, [EnumeratorCancellation] CancellationToken ct)
    {
        if (id.IsHole) yield break;
        yield return id;
        if (level == 0) yield break;
        var node = (InnerNode)await cache.GetAsync(id, level, ct);
        for (var slot = 0; slot < MapLimits.FanOut; slot++)
        {
            await foreach (var below in NodesAsync(node[slot], level - 1, ct)) yield return below;
        }
    }

    /// <summary>Goes down towards a block until a level or a hole is reached.</summary>
    private async ValueTask<Place> DescendAsync(long block, int toLevel, CancellationToken ct)
    {
        var (id, level) = (Root.Node, Root.Level);
        while (level > toLevel && !id.IsHole)
        {
            var node = (InnerNode)await cache.GetAsync(id, level, ct);
            id = node[MapShape.Slot(--level, block)];
        }

        return new Place(id, MapShape.StartOf(level, block), MapShape.StartOf(level, block) + MapShape.Span(level));
    }

    /// <summary>A node and the blocks that it covers, or a hole in its place.</summary>
    private readonly record struct Place(ChunkId Node, long Start, long End);
}
