using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Sync;

/// <summary>Cuts the stream of blocks to be stored into chunks, in the order of the disk; holes and kept blocks are no part of the stream.</summary>
/// <remarks>
/// A chunk may end after a block whose cut value is below the threshold, once it has the minimum; it must end at the maximum. A gap ends
/// it too, so that what follows begins a chunk of its own; but small pieces (pages of a database) are gathered over kept gaps into one
/// chunk of <see cref="GatherBlocks"/>, as long as they lie within <see cref="GatherReach"/> of each other. One caller at a time.
/// </remarks>
internal sealed class Chunker
{
    /// <summary>Blocks up to which scattered changes are gathered: 64 KiB.</summary>
    private const int GatherBlocks = 16;

    /// <summary>Blocks between scattered changes that may share a chunk: one leaf of the block map.</summary>
    private const long GatherReach = MapLimits.LeafBlocks;

    private const int MaxSteps = 16_384;
    private readonly ChunkingConstants constants;
    private readonly uint cutBelow;
    private readonly Func<CancellationToken, ValueTask<Memory<byte>>> rent;
    private readonly Func<Batch, CancellationToken, ValueTask> emit;

    // What belongs to the chunk that is still open: its runs, and the steps since its first block.
    private readonly List<BlockRun> openRuns = [];
    private readonly List<MapStep> openSteps = [];
    private Batch? batch;
    private int used;
    private int openBlocks;
    private long gap;

    /// <param name="constants">The repository's constants.</param>
    /// <param name="rent">Gives a batch's memory; waits until there is some.</param>
    /// <param name="emit">Takes a full batch.</param>
    public Chunker(ChunkingConstants constants, Func<CancellationToken, ValueTask<Memory<byte>>> rent, Func<Batch, CancellationToken, ValueTask> emit)
    {
        this.constants = constants;
        this.rent = rent;
        this.emit = emit;
        cutBelow = uint.MaxValue >> constants.AverageMaskBits;
    }

    /// <summary>Bytes that a batch's memory has beyond what is read into it, for a chunk that is carried over.</summary>
    public static int HeadRoom(ChunkingConstants constants) => constants.MaximumBlocks * Block.Size;

    /// <summary>Memory to read the next blocks into: at least <paramref name="leastBlocks"/>.</summary>
    public async ValueTask<Memory<byte>> SpaceAsync(int leastBlocks, CancellationToken ct)
    {
        if (batch is null || ((batch.Memory.Length / Block.Size) - used) < leastBlocks) await TurnAsync(ct);
        return batch!.Memory[(used * Block.Size)..];
    }

    /// <summary>The next block of the space is data to be stored. <paramref name="offset"/>: its number in the space last given.</summary>
    public void Data(int offset, uint cut)
    {
        var position = used + offset;
        if (gap > 0) EndAtGap();
        if (openRuns.Count > 0 && openRuns[^1] is var last && last.First + last.Count == position) openRuns[^1] = last with { Count = last.Count + 1 };
        else openRuns.Add(new BlockRun(position, 1));
        AddStep(new MapStep(StepKind.Data, 1, 0, openBlocks));
        openBlocks++;
        if (openBlocks >= constants.MaximumBlocks || (openBlocks >= constants.MinimumBlocks && cut <= cutBelow)) Cut();
    }

    /// <summary>The next blocks of the disk read as zeros.</summary>
    public void Hole(long count)
    {
        if (openBlocks >= constants.MinimumBlocks) Cut();
        gap += count;
        AddStep(new MapStep(StepKind.Hole, count, 0, 0));
    }

    /// <summary>The next blocks of the disk are as in the parent.</summary>
    public void Keep(long count)
    {
        if (openBlocks >= GatherBlocks) Cut();
        gap += count;
        AddStep(new MapStep(StepKind.Keep, count, 0, 0));
    }

    /// <summary>Says how many blocks of the space last given were filled; what was not <see cref="Data"/> at the end is used again.</summary>
    public async ValueTask AdvanceAsync(CancellationToken ct)
    {
        if (openRuns.Count > 0) used = openRuns[^1].First + openRuns[^1].Count;
        else if (batch is { Runs.Count: > 0 }) used = batch.Runs[^1].First + batch.Runs[^1].Count;
        else used = 0;
        if (batch is not null && batch.Steps.Count + openSteps.Count >= MaxSteps) await TurnAsync(ct);
    }

    /// <summary>Ends the last chunk and gives the last batch.</summary>
    public async ValueTask FinishAsync(CancellationToken ct)
    {
        if (batch is null) await TurnAsync(ct);
        if (openBlocks > 0) Cut();
        FlushSteps();
        await emit(batch!, ct);
        batch = null;
    }

    private void EndAtGap()
    {
        if (openBlocks > 0 && gap >= GatherReach) Cut();
        gap = 0;
    }

    private void Cut()
    {
        var chunk = batch!.Chunks.Count;
        batch.Chunks.Add(new ChunkDraft { FirstRun = batch.Runs.Count, RunCount = openRuns.Count, BlockCount = openBlocks });
        batch.Runs.AddRange(openRuns);
        for (var i = 0; i < openSteps.Count; i++)
        {
            if (openSteps[i].Kind == StepKind.Data) openSteps[i] = openSteps[i] with { Chunk = chunk };
        }

        openRuns.Clear();
        openBlocks = 0;
        FlushSteps();
    }

    private void FlushSteps()
    {
        batch!.Steps.AddRange(openSteps);
        openSteps.Clear();
    }

    private void AddStep(MapStep step)
    {
        var into = openBlocks > 0 || step.Kind == StepKind.Data || batch is null ? openSteps : batch.Steps;
        if (into.Count > 0 && into[^1] is var last && last.Kind == step.Kind && (step.Kind != StepKind.Data || last.ChunkBlock + last.Count == step.ChunkBlock))
        {
            // A data step of the chunk before never adjoins: a cut moves it out of the open steps.
            into[^1] = last with { Count = last.Count + step.Count };
            return;
        }

        into.Add(step);
    }

    // The open chunk moves to the head of the next batch's memory.
    private async ValueTask TurnAsync(CancellationToken ct)
    {
        var next = new Batch(await rent(ct));
        var length = 0;
        foreach (var run in openRuns)
        {
            batch!.Blocks(run).CopyTo(next.Memory.Span[(length * Block.Size)..]);
            length += run.Count;
        }

        openRuns.Clear();
        if (length > 0) openRuns.Add(new BlockRun(0, length));
        if (batch is not null) await emit(batch, ct);
        batch = next;
        used = length;
        if (openBlocks == 0) FlushSteps();
    }
}
