using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Maps;

/// <summary>How a leaf's blocks are spread over chunks: many extents for few blocks mean that reading the stretch is slow.</summary>
/// <param name="FirstBlock">First block of the leaf.</param>
/// <param name="Extents">Runs of data; holes do not count.</param>
/// <param name="Chunks">Distinct chunks.</param>
/// <param name="DataBlocks">Blocks that are no hole.</param>
public readonly record struct LeafStats(long FirstBlock, int Extents, int Chunks, int DataBlocks);

/// <summary>How a map's blocks are spread over chunks.</summary>
/// <param name="Leaves">Leaves that are no hole; one that stands at several places counts for each.</param>
/// <param name="Extents">Runs of data of all leaves.</param>
/// <param name="DataBlocks">Blocks that are no hole.</param>
/// <param name="MostExtents">Runs of data of the leaf that has most; 0 without leaves.</param>
public sealed record MapStats(long Leaves, long Extents, long DataBlocks, int MostExtents)
{
    /// <summary>The leaves of a range that are no hole, whole leaves even at its edges, in order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative block or count.</exception>
    /// <exception cref="EngineException">As <see cref="MapReader"/> says.</exception>
    public static IAsyncEnumerable<LeafStats> LeavesAsync(MapReader map, long firstBlock, long count, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstBlock);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return EachAsync(map, firstBlock, count < map.Blocks - firstBlock ? firstBlock + count : map.Blocks, ct);
    }

    /// <summary>The sums over a whole map; loads every node.</summary>
    /// <exception cref="EngineException">As <see cref="MapReader"/> says.</exception>
    public static async Task<MapStats> OfAsync(MapReader map, CancellationToken ct)
    {
        var sum = new MapStats(0, 0, 0, 0);
        await foreach (var leaf in EachAsync(map, 0, map.Blocks, ct))
        {
            sum = new MapStats(
                sum.Leaves + 1, sum.Extents + leaf.Extents, sum.DataBlocks + leaf.DataBlocks, Math.Max(sum.MostExtents, leaf.Extents));
        }

        return sum;
    }

    private static async IAsyncEnumerable<LeafStats> EachAsync(MapReader map, long first, long end, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var piece in map.PiecesAsync(first, end, ct))
        {
            if (piece.Leaf is not null) yield return Of(piece.Start, piece.Leaf);
        }
    }

    private static LeafStats Of(long start, LeafNode leaf)
    {
        int extents = 0, blocks = 0;
        foreach (var run in leaf.Runs)
        {
            if (run.Reference == 0) continue;
            extents++;
            blocks += run.Count;
        }

        return new LeafStats(start, extents, leaf.Chunks.Length, blocks);
    }
}
