using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Restore;

/// <summary>What is restored and how.</summary>
public sealed record RestoreOptions
{
    /// <summary>A part of the disk, on block bounds; null for the whole disk.</summary>
    public ByteRange? Range { get; init; }

    /// <summary>Reads the target first and writes only blocks that differ.</summary>
    public bool OnlyDifferent { get; init; }

    /// <summary>Writes from front to end, as a pipe needs it.</summary>
    public bool Ordered { get; init; }

    /// <summary>Stretches of 2 MiB that are fetched side by side: more than processors, to hide the store's latency.</summary>
    public int Workers { get; init; } = Math.Clamp(Environment.ProcessorCount * 2, 4, 16);
}
