using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>Writes the block map of a disk in one pass from its first block to its last.</summary>
/// <remarks>
/// Equal content gives equal nodes, however it was appended, so maps share what they have in common. Memory is one leaf and
/// one row of ids per level, whatever the disk's size. Not thread-safe; after a call that was cancelled or failed in the
/// node store the builder is of no more use, and says so.
/// </remarks>
/// <param name="nodes">Takes the nodes as they become full.</param>
/// <param name="parent">The map that <see cref="KeepAsync"/> takes from, in the same node store; null when there is none.</param>
public sealed class MapBuilder(INodeStore nodes, MapReader? parent)
{
    private readonly LeafDraft leaf = new();
    private readonly NodeSpine spine = new(nodes);
    private State state;

    private enum State
    {
        Open,
        InCall,
        Finished,
    }

    /// <summary>The next block to be described.</summary>
    public long Position => spine.Position + leaf.Count;

    /// <summary>Appends an extent; it must begin at <see cref="Position"/>.</summary>
    /// <exception cref="InvalidOperationException">It begins elsewhere, or the builder is finished or failed.</exception>
    /// <exception cref="ArgumentException">No extent of a disk and a chunk: see <see cref="MapLimits"/>.</exception>
    public async ValueTask AppendAsync(MapExtent extent, CancellationToken ct)
    {
        if (extent.Block != Position) throw new InvalidOperationException($"the next block is {Position}, not {extent.Block}");
        CheckForm(extent);
        Begin();
        if (extent.IsHole) await HoleAsync(extent.End, ct);
        else await DataAsync(extent.Count, extent.Chunk, extent.ChunkBlock, ct);
        state = State.Open;
    }

    /// <summary>Appends blocks that read as zeros.</summary>
    /// <param name="count">0 or more.</param>
    /// <exception cref="InvalidOperationException">The builder is finished or failed.</exception>
    public async ValueTask AppendHoleAsync(long count, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MapShape.MaxBlocks - Position);
        Begin();
        await HoleAsync(Position + count, ct);
        state = State.Open;
    }

    /// <summary>Everything from <see cref="Position"/> up to a block is as in the parent; what the parent does not have is a hole.</summary>
    /// <remarks>Whole subtrees are taken over by their ids: only the nodes on the paths to the two edges are loaded.</remarks>
    /// <param name="untilBlock">The block after the last to keep; at <see cref="Position"/> or after it.</param>
    /// <exception cref="InvalidOperationException">The block lies before the position, or the builder is finished or failed.</exception>
    /// <exception cref="EngineException">A node of the parent cannot be read.</exception>
    public async ValueTask KeepAsync(long untilBlock, CancellationToken ct)
    {
        if (untilBlock < Position) throw new InvalidOperationException($"the next block is {Position}, beyond {untilBlock}");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(untilBlock, MapShape.MaxBlocks);
        Begin();
        // A node that reaches over the parent's end is never taken over: what lies beyond the end is a hole, whatever the node says.
        var end = Math.Min(untilBlock, parent?.Blocks ?? 0);
        while (Position < end) await KeepNextAsync(parent!, end, ct);
        await HoleAsync(untilBlock, ct);
        state = State.Open;
    }

    /// <summary>Ends the map of a disk of so many bytes, all of whose blocks must have been described.</summary>
    /// <exception cref="InvalidOperationException"><see cref="Position"/> is not the disk's end, or the builder is finished or failed.</exception>
    public async ValueTask<MapRoot> FinishAsync(long lengthBytes, CancellationToken ct)
    {
        var level = MapShape.LevelFor(lengthBytes);
        if (Position != Block.CountFor(lengthBytes))
            throw new InvalidOperationException($"{Position} blocks described, but the disk has {Block.CountFor(lengthBytes)}");
        Begin();
        if (leaf.Count > 0) await HoleAsync(spine.Position + MapLimits.LeafBlocks, ct);
        var root = await spine.FinishAsync(level, ct);
        state = State.Finished;
        return new MapRoot(root, level, lengthBytes);
    }

    private static void CheckForm(MapExtent extent)
    {
        var fits = extent.Count >= 1 && extent.Count <= MapShape.MaxBlocks - extent.Block;
        var inChunk = extent.IsHole
            ? extent.ChunkBlock == 0
            : extent.ChunkBlock >= 0 && extent.ChunkBlock <= MapLimits.MaxChunkBlocks - extent.Count;
        if (!fits || !inChunk) throw new ArgumentException($"{extent} is no extent", nameof(extent));
    }

    private void Begin()
    {
        if (state != State.Open) throw new InvalidOperationException("the builder is finished, in another call, or a call failed");
        state = State.InCall;
    }

    /// <summary>Takes over the largest subtree that begins here, or copies runs up to the next leaf.</summary>
    private async ValueTask KeepNextAsync(MapReader from, long end, CancellationToken ct)
    {
        var level = leaf.Count > 0 ? -1 : MapShape.LargestWithin(Position, end, from.Root.Level);
        if (level >= 0)
            await spine.PushAsync(await from.NodeAtAsync(level, Position, ct), level, ct);
        else
            await CopyAsync(from, Math.Min(end, spine.Position + MapLimits.LeafBlocks), ct);
    }

    private async ValueTask CopyAsync(MapReader from, long end, CancellationToken ct)
    {
        var piece = new LoadedPiece(spine.Position, Position, end, await from.LeafAtAsync(Position, ct));
        foreach (var run in piece.Stretches())
        {
            leaf.Append((int)run.Count, run.Chunk, run.ChunkBlock);
            await SaveFullLeafAsync(ct);
        }
    }

    private async ValueTask DataAsync(int count, ChunkId chunk, int chunkBlock, CancellationToken ct)
    {
        while (count > 0)
        {
            var fitting = Math.Min(count, MapLimits.LeafBlocks - leaf.Count);
            leaf.Append(fitting, chunk, chunkBlock);
            await SaveFullLeafAsync(ct);
            count -= fitting;
            chunkBlock += fitting;
        }
    }

    /// <summary>A hole up to a block: the rest of this leaf, then whole missing nodes, then the begin of another leaf.</summary>
    private async ValueTask HoleAsync(long end, CancellationToken ct)
    {
        if (leaf.Count > 0 && Position < end)
        {
            leaf.Append((int)Math.Min(end - Position, MapLimits.LeafBlocks - leaf.Count), default, 0);
            await SaveFullLeafAsync(ct);
        }

        if (leaf.Count > 0 || Position >= end) return;
        await spine.PushHolesAsync(MapShape.StartOf(0, end), ct);
        if (Position < end) leaf.Append((int)(end - Position), default, 0);
    }

    private async ValueTask SaveFullLeafAsync(CancellationToken ct)
    {
        if (leaf.Count < MapLimits.LeafBlocks) return;
        var bytes = leaf.Take();
        await spine.PushAsync(bytes is null ? default : await nodes.SaveAsync(bytes, ct), 0, ct);
    }
}
