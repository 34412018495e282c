namespace HyperBdr.Engine.Blocks;

/// <summary>The unit that a disk is divided into; every extent, change map and chunk begins and ends on it.</summary>
public static class Block
{
    /// <summary>Bytes of a block.</summary>
    public const int Size = 4096;

    /// <summary>Blocks that hold so many bytes; the last may be partly filled.</summary>
    public static long CountFor(long bytes) => (bytes + Size - 1) / Size;
}

/// <summary>A range of a disk in bytes.</summary>
/// <param name="Offset">First byte, 0 or more.</param>
/// <param name="Length">Bytes, 1 or more.</param>
public readonly record struct ByteRange(long Offset, long Length)
{
    /// <summary>The byte after the last.</summary>
    public long End => Offset + Length;
}

/// <summary>What a range of a disk holds, as far as can be known without reading it.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes, 1 or more.</param>
/// <param name="IsData">False: the range reads as zeros and need not be read.</param>
public readonly record struct Extent(long Offset, long Length, bool IsData)
{
    /// <summary>The byte after the last.</summary>
    public long End => Offset + Length;
}
