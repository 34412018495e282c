using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>Joins pieces that come in order into extents of whole blocks; a block with any data in it is data.</summary>
/// <param name="start">Where the first piece begins; a block's begin.</param>
/// <param name="end">Where the last piece ends; a block's end or the disk's.</param>
internal struct ExtentMerger(long start, long end)
{
    private Extent open = new(start, 0, false);
    private bool begun;

    /// <summary>Takes the next piece.</summary>
    /// <returns>An extent that cannot grow any more.</returns>
    public Extent? Add(ByteRange piece, bool isData)
    {
        // A hole begins at the first whole block of it and data reaches to the end of its last one.
        var until = piece.End == end ? end : isData ? Math.Min((piece.End + Block.Size - 1) & -Block.Size, end) : piece.End & -Block.Size;
        if (until <= open.End) return null;
        if (!begun || open.IsData == isData)
        {
            open = new(open.Offset, until - open.Offset, isData);
            begun = true;
            return null;
        }

        var whole = open;
        open = new(whole.End, until - whole.End, isData);
        return whole;
    }

    /// <summary>The extent that is still open.</summary>
    public readonly Extent? Last() => open.Length > 0 ? open : null;
}
