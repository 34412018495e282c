namespace HyperBdr.Engine.Maps;

/// <summary>A range of a disk in blocks.</summary>
/// <param name="First">First block, 0 or more.</param>
/// <param name="Count">Blocks, 1 or more.</param>
public readonly record struct BlockRange(long First, long Count)
{
    /// <summary>The block after the last.</summary>
    public long End => First + Count;
}
