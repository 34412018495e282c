using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>The inner nodes above a builder's position: takes finished subtrees in order and saves every node that is full. Not thread-safe.</summary>
internal sealed class NodeSpine(INodeStore nodes)
{
    /// <summary>Row L holds the nodes of level L under the unfinished node of level L + 1.</summary>
    private readonly ChunkId[][] rows = [.. Enumerable.Range(0, MapLimits.MaxLevel + 1).Select(_ => new ChunkId[MapLimits.FanOut])];

    /// <summary>Blocks covered by the subtrees so far.</summary>
    public long Position { get; private set; }

    /// <summary>Appends a subtree, <c>default</c> for a hole; the position must be one where a node of its level begins.</summary>
    public async ValueTask PushAsync(ChunkId node, int level, CancellationToken ct)
    {
        var start = Position;
        Position += MapShape.Span(level);
        for (; ; level++)
        {
            var slot = MapShape.Slot(level, start);
            rows[level][slot] = node;
            if (level == MapLimits.MaxLevel || slot < MapLimits.FanOut - 1) return;
            node = await SaveAsync(rows[level], level + 1, ct);
        }
    }

    /// <summary>Appends holes up to a block where a leaf begins.</summary>
    public async ValueTask PushHolesAsync(long untilBlock, CancellationToken ct)
    {
        while (Position < untilBlock)
            await PushAsync(default, MapShape.LargestWithin(Position, untilBlock, MapLimits.MaxLevel), ct);
    }

    /// <summary>Fills up with holes and gives the node of this level that covers everything.</summary>
    public async ValueTask<ChunkId> FinishAsync(int level, CancellationToken ct)
    {
        await PushHolesAsync(MapShape.Span(level), ct);
        return rows[level][0];
    }

    /// <summary>A row is full when its last slot is: subtrees come in order, so each slot was written since the node before.</summary>
    private async ValueTask<ChunkId> SaveAsync(ChunkId[] row, int level, CancellationToken ct) =>
        row.AsSpan().IndexOfAnyExcept(default(ChunkId)) < 0 ? default : await nodes.SaveAsync(InnerFormat.Encode(level, row), ct);
}
