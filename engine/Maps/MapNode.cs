using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>A decoded node of a block map. Immutable, so it may be read by many threads.</summary>
internal abstract class MapNode
{
    /// <summary>Height: 0 for a leaf.</summary>
    public abstract int Level { get; }
}

/// <summary>A node whose children are nodes of the level below.</summary>
/// <param name="level">1 to <see cref="MapLimits.MaxLevel"/>.</param>
/// <param name="children"><see cref="MapLimits.FanOut"/> ids; <c>default</c> where the child is a hole.</param>
internal sealed class InnerNode(int level, ChunkId[] children) : MapNode
{
    public override int Level { get; } = level;

    /// <summary>All children, holes included.</summary>
    public ReadOnlySpan<ChunkId> Children => children;

    /// <summary>The child in a slot.</summary>
    public ChunkId this[int slot] => children[slot];
}

/// <summary>A run of blocks inside of a leaf.</summary>
/// <param name="Start">First block, counted from the leaf's first.</param>
/// <param name="Count">Blocks.</param>
/// <param name="Reference">0 for a hole, otherwise 1 + the index in the leaf's table of chunks.</param>
/// <param name="ChunkBlock">The chunk's block that the run begins with.</param>
internal readonly record struct LeafRun(ushort Start, ushort Count, ushort Reference, byte ChunkBlock)
{
    /// <summary>The block after the last, counted from the leaf's first.</summary>
    public int End => Start + Count;
}

/// <summary>The runs of <see cref="MapLimits.LeafBlocks"/> blocks, in canonical form.</summary>
/// <param name="chunks">Distinct chunks in the order of first use.</param>
/// <param name="runs">Ascending, adjoining, covering the leaf exactly.</param>
internal sealed class LeafNode(ChunkId[] chunks, LeafRun[] runs) : MapNode
{
    /// <summary>What stands for a missing leaf; it has no encoding.</summary>
    public static readonly LeafNode Hole = new([], [new LeafRun(0, MapLimits.LeafBlocks, 0, 0)]);

    public override int Level => 0;

    /// <summary>Every distinct chunk of the leaf.</summary>
    public ReadOnlySpan<ChunkId> Chunks => chunks;

    /// <summary>The runs, holes included.</summary>
    public ReadOnlySpan<LeafRun> Runs => runs;

    /// <summary>The chunk of a run; <c>default</c> for a hole.</summary>
    public ChunkId ChunkOf(LeafRun run) => run.Reference == 0 ? default : chunks[run.Reference - 1];

    /// <summary>The run that holds a block, counted from the leaf's first.</summary>
    public int RunAt(int block)
    {
        int low = 0, high = runs.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (runs[middle].Start <= block) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    /// <summary>The part of a run between two blocks of the disk, which must overlap it.</summary>
    /// <param name="index">Which run.</param>
    /// <param name="leafStart">The leaf's first block on the disk.</param>
    /// <param name="first">First block of the disk that is wanted.</param>
    /// <param name="end">The block after the last that is wanted.</param>
    public Stretch Cut(int index, long leafStart, long first, long end)
    {
        var run = runs[index];
        var from = Math.Max(first, leafStart + run.Start);
        var to = Math.Min(end, leafStart + run.End);
        var skipped = run.Reference == 0 ? 0 : (int)(from - leafStart - run.Start);
        return new Stretch(from, to - from, ChunkOf(run), run.ChunkBlock + skipped);
    }
}
