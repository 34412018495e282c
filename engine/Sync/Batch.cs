using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Sync;

/// <summary>Some MiB of blocks that were read, cut into chunks, with the piece of the block map that they make.</summary>
internal sealed class Batch(Memory<byte> memory)
{
    private readonly TaskCompletionSource processed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Memory<byte> Memory { get; } = memory;

    public List<ChunkDraft> Chunks { get; } = [];

    /// <summary>Runs of blocks in the batch's memory, in the order of the chunks that they belong to.</summary>
    public List<BlockRun> Runs { get; } = [];

    public List<MapStep> Steps { get; } = [];

    /// <summary>Ends when every chunk has its id.</summary>
    public Task Processed => processed.Task;

    public void Finish() => processed.TrySetResult();

    public ReadOnlySpan<byte> Blocks(BlockRun run) => Memory.Span.Slice(run.First * Block.Size, run.Count * Block.Size);
}

/// <summary>A chunk to be: runs of the batch, and the id once it is known.</summary>
internal struct ChunkDraft
{
    public int FirstRun;
    public int RunCount;
    public int BlockCount;
    public ChunkId Id;
}

/// <summary>Adjoining blocks in a batch's memory.</summary>
internal readonly record struct BlockRun(int First, int Count);

/// <summary>One step along the disk.</summary>
/// <param name="Kind">What the blocks are.</param>
/// <param name="Count">Blocks.</param>
/// <param name="Chunk">For data: the number of the chunk in the batch.</param>
/// <param name="ChunkBlock">For data: the block in the chunk.</param>
internal readonly record struct MapStep(StepKind Kind, long Count, int Chunk, int ChunkBlock);

internal enum StepKind
{
    Hole,
    Keep,
    Data,
}
