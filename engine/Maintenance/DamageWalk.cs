using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Walks block maps and tells which blocks cannot be restored. Subtrees that are whole are walked once, however many points share them. One caller at a time.</summary>
internal sealed class DamageWalk(INodeStore nodes, BadPlaces places, FindingList findings)
{
    private const int LeavesAhead = 8;
    private readonly HashSet<ChunkId> whole = [];
    private readonly HashSet<ChunkId> reported = [];

    /// <summary>Block ranges of a disk that are lost: ascending, not adjoining.</summary>
    public async Task<List<BlockRange>> RunAsync(MapRoot root, CancellationToken ct)
    {
        var lost = new List<BlockRange>();
        try
        {
            MapShape.Check(root);
        }
        catch (EngineException e) when (e.Fault == Fault.Corrupt)
        {
            findings.Add(e);
            Add(lost, 0, Block.CountFor(Math.Clamp(root.Length, 0, MapShape.MaxLength)));
            return lost;
        }

        await SubtreeAsync(root.Node, root.Level, 0, Block.CountFor(root.Length), lost, ct);
        return lost;
    }

    private async Task SubtreeAsync(ChunkId id, int level, long start, long end, List<BlockRange> lost, CancellationToken ct)
    {
        if (id.IsHole || start >= end || whole.Contains(id)) return;
        await NodeAsync(id, await LoadAsync(id, level, ct), level, start, end, lost, ct);
    }

    private async Task NodeAsync(ChunkId id, MapNode? node, int level, long start, long end, List<BlockRange> lost, CancellationToken ct)
    {
        var before = lost.Count == 0 ? default : lost[^1];
        var count = lost.Count;
        if (node is null) Add(lost, start, Math.Min(end, start + MapShape.Span(level)));
        else if (node is LeafNode leaf) Check(leaf, start, end, lost);
        else if (level == 1) await LeavesAsync((InnerNode)node, start, end, lost, ct);
        else await ChildrenAsync((InnerNode)node, level, start, end, lost, ct);
        if (lost.Count == count && (count == 0 || lost[^1] == before)) whole.Add(id);
    }

    private async Task ChildrenAsync(InnerNode node, int level, long start, long end, List<BlockRange> lost, CancellationToken ct)
    {
        for (var slot = 0; slot < MapLimits.FanOut; slot++)
        {
            await SubtreeAsync(node[slot], level - 1, start + (slot * MapShape.Span(level - 1)), end, lost, ct);
        }
    }

    private async Task LeavesAsync(InnerNode node, long start, long end, List<BlockRange> lost, CancellationToken ct)
    {
        var slots = Enumerable.Range(0, MapLimits.FanOut)
            .Where(slot => !node[slot].IsHole && start + (slot * MapShape.Span(0)) < end && !whole.Contains(node[slot]))
            .ToAsyncEnumerable();
        var leaves = Ahead.LoadAsync(slots, LeavesAhead, async (slot, token) => (Slot: slot, Leaf: await LoadAsync(node[slot], 0, token)), ct);
        await foreach (var (slot, leaf) in leaves) await NodeAsync(node[slot], leaf, 0, start + (slot * MapShape.Span(0)), end, lost, ct);
    }

    private void Check(LeafNode leaf, long start, long end, List<BlockRange> lost)
    {
        foreach (var run in leaf.Runs)
        {
            if (run.Reference == 0) continue;
            var chunk = leaf.ChunkOf(run);
            var found = places.TryFind(chunk, out var at);
            if (found && (long)(run.ChunkBlock + run.Count) * Block.Size <= at.PlainLength) continue;
            Report(chunk, found ? Fault.Corrupt : Fault.MissingData, found ? "is shorter than its block map says" : "is in no pack that can be read");
            Add(lost, start + run.Start, Math.Min(end, start + run.End));
        }
    }

    private async Task<MapNode?> LoadAsync(ChunkId id, int level, CancellationToken ct)
    {
        try
        {
            return await NodeFormat.LoadAsync(nodes, id, level, ct);
        }
        catch (EngineException e) when (e.Fault is Fault.MissingData or Fault.Corrupt or Fault.NewerFormat or Fault.NotFound or Fault.MissingEpoch or Fault.ForeignRepository)
        {
            lock (reported)
            {
                if (reported.Add(id)) findings.Add(new Finding(e.Fault == Fault.NotFound ? Fault.MissingData : e.Fault, $"map node {id}", e.Message));
            }

            return null;
        }
    }

    private void Report(ChunkId chunk, Fault fault, string message)
    {
        lock (reported)
        {
            if (reported.Add(chunk)) findings.Add(new Finding(fault, $"chunk {chunk}", message));
        }
    }

    private static void Add(List<BlockRange> lost, long first, long end)
    {
        if (end <= first) return;
        if (lost.Count > 0 && (lost[^1].End == first || lost.Count == DiskDamage.MaxRanges)) lost[^1] = lost[^1] with { Count = end - lost[^1].First };
        else lost.Add(new BlockRange(first, end - first));
    }
}
