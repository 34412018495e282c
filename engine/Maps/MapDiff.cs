using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>What differs between two block maps in the same node store.</summary>
public static class MapDiff
{
    private const int PairsAhead = 4;

    /// <summary>The ranges of blocks that the two maps do not take from the same place of the same chunk.</summary>
    /// <remarks>
    /// Ascending, none touches the next. Subtrees that both share are never loaded. Blocks past the end of the shorter disk count as
    /// holes of it, so a disk that merely grew does not differ: who needs the sizes compares the roots' lengths. Two chunks of
    /// different ids differ even where their bytes happen to be equal. Holds a few nodes per level in memory.
    /// </remarks>
    /// <exception cref="EngineException"><see cref="Fault.MissingData"/>, <see cref="Fault.Corrupt"/>, <see cref="Fault.NewerFormat"/>, or what the node store says.</exception>
    public static IAsyncEnumerable<BlockRange> RangesAsync(INodeStore nodes, MapRoot a, MapRoot b, CancellationToken ct)
    {
        MapShape.Check(a);
        MapShape.Check(b);
        return JoinedAsync(nodes, a, b, ct);
    }

    private static async IAsyncEnumerable<BlockRange> JoinedAsync(
        INodeStore nodes, MapRoot a, MapRoot b, [EnumeratorCancellation] CancellationToken ct)
    {
        var level = Math.Max(a.Level, b.Level);
        var disksEnd = Math.Max(Block.CountFor(a.Length), Block.CountFor(b.Length));
        var pairs = PairsAsync(nodes, Side.Of(a.Node, level - a.Level), Side.Of(b.Node, level - b.Level), level, 0, ct);
        var held = default(BlockRange);
        await foreach (var pair in Ahead.LoadAsync(pairs, PairsAhead, (pair, token) => LoadAsync(nodes, pair, token), ct))
        {
            foreach (var next in Differences(pair, disksEnd))
            {
                if (held.Count > 0 && held.End == next.First)
                {
                    held = held with { Count = held.Count + next.Count };
                    continue;
                }

                if (held.Count > 0) yield return held;
                held = next;
            }
        }

        if (held.Count > 0) yield return held;
    }

    /// <summary>The pairs of leaves that differ, found by going down wherever the two trees do.</summary>
    private static async IAsyncEnumerable<LeafIds> PairsAsync(
        INodeStore nodes, Side a, Side b, int level, long start, [EnumeratorCancellation] CancellationToken ct)
    {
        if (a == b) yield break;
        if (level == 0)
        {
            yield return new LeafIds(start, a.Node, b.Node);
            yield break;
        }

        var nodeA = await OpenAsync(nodes, a, level, ct);
        var nodeB = await OpenAsync(nodes, b, level, ct);
        for (var slot = 0; slot < MapLimits.FanOut; slot++)
        {
            var (below, belowB) = (a.Child(nodeA, slot), b.Child(nodeB, slot));
            if (below == belowB) continue;
            await foreach (var pair in PairsAsync(nodes, below, belowB, level - 1, start + (slot * MapShape.Span(level - 1)), ct)) yield return pair;
        }
    }

    private static async ValueTask<InnerNode?> OpenAsync(INodeStore nodes, Side side, int level, CancellationToken ct) =>
        side.Lift > 0 || side.Node.IsHole ? null : (InnerNode)await NodeFormat.LoadAsync(nodes, side.Node, level, ct);

    private static async Task<LeafPair> LoadAsync(INodeStore nodes, LeafIds ids, CancellationToken ct) =>
        new(ids.Start, await LeafAsync(nodes, ids.A, ct), await LeafAsync(nodes, ids.B, ct));

    private static async ValueTask<LeafNode> LeafAsync(INodeStore nodes, ChunkId id, CancellationToken ct) =>
        id.IsHole ? LeafNode.Hole : (LeafNode)await NodeFormat.LoadAsync(nodes, id, 0, ct);

    private static IEnumerable<BlockRange> Differences(LeafPair pair, long disksEnd)
    {
        int runA = 0, runB = 0;
        var leafEnd = Math.Min(pair.Start + MapLimits.LeafBlocks, disksEnd);
        for (var block = pair.Start; block < leafEnd;)
        {
            var a = pair.A.Cut(runA, pair.Start, block, leafEnd);
            var b = pair.B.Cut(runB, pair.Start, block, leafEnd);
            var count = Math.Min(a.Count, b.Count);
            if (a.Chunk != b.Chunk || a.ChunkBlock != b.ChunkBlock) yield return new BlockRange(block, count);
            block += count;
            if (a.End == block) runA++;
            if (b.End == block) runB++;
        }
    }

    /// <summary>A subtree of one of the maps. A lower map is lifted to the height of the other by nodes whose only child is their first.</summary>
    /// <param name="Node">The node; <c>default</c> for a hole.</param>
    /// <param name="Lift">How many such levels lie above the node.</param>
    private readonly record struct Side(ChunkId Node, int Lift)
    {
        public static Side Of(ChunkId node, int lift) => node.IsHole ? default : new(node, lift);

        public Side Child(InnerNode? node, int slot)
        {
            if (Lift > 0) return slot == 0 ? new Side(Node, Lift - 1) : default;
            return node is null ? default : new Side(node[slot], 0);
        }
    }

    private readonly record struct LeafIds(long Start, ChunkId A, ChunkId B);

    private readonly record struct LeafPair(long Start, LeafNode A, LeafNode B);
}
