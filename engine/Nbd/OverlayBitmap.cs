using System.Buffers.Binary;
using System.IO.Hashing;

namespace HyperBdr.Engine.Nbd;

/// <summary>What an overlay knows of a block; the numbers are part of the format.</summary>
internal enum BlockState
{
    /// <summary>Never written: the base has it.</summary>
    Base = 0,
    /// <summary>Written: the overlay has it.</summary>
    Data = 1,
    /// <summary>Written as zeros: nobody has it.</summary>
    Zero = 2,
}

/// <summary>Two bits for each block of a disk, in pages that are made when first written (docs/formats/overlay.md).</summary>
/// <remarks>Safe for calls side by side. Reads take no lock: a page's byte is read and written whole.</remarks>
internal sealed class OverlayBitmap(long blocks)
{
    /// <summary>Bytes of a page on disk: CRC-32 of what follows, page number, sequence, states.</summary>
    public const int PageBytes = 4096;
    public const int StateBytes = PageBytes - HeaderBytes;
    public const int BlocksPerPage = StateBytes * 4;
    private const int HeaderBytes = 16;

    private readonly Lock gate = new();
    private readonly byte[]?[] pages = new byte[PageCount(blocks)][];
    private readonly ulong[] sequences = new ulong[PageCount(blocks)];
    private readonly HashSet<int> dirty = [];

    public int Pages => pages.Length;

    public static int PageCount(long blocks) => checked((int)((blocks + BlocksPerPage - 1) / BlocksPerPage));

    public BlockState this[long block]
    {
        get
        {
            var (page, at) = Math.DivRem(block, BlocksPerPage);
            return Volatile.Read(ref pages[page]) is { } states ? (BlockState)((Volatile.Read(ref states[at >> 2]) >> (int)(at & 3) * 2) & 3) : BlockState.Base;
        }
    }

    /// <summary>Blocks from <paramref name="block"/> on, and before <paramref name="end"/>, that are in one state.</summary>
    public long RunLength(long block, long end)
    {
        var state = this[block];
        var at = block + 1;
        while (at < end)
        {
            // A page that was never made is all of the base.
            if (state == BlockState.Base && at % BlocksPerPage == 0 && Volatile.Read(ref pages[at / BlocksPerPage]) is null) at = Math.Min(at + BlocksPerPage, end);
            else if (this[at] == state) at++;
            else break;
        }

        return at - block;
    }

    public void Set(long block, long count, BlockState state)
    {
        lock (gate)
        {
            for (var b = block; b < block + count; b++)
            {
                var (page, at) = Math.DivRem(b, BlocksPerPage);
                var states = pages[page];
                if (states is null) Volatile.Write(ref pages[page], states = new byte[StateBytes]);
                var shift = (int)(at & 3) * 2;
                var next = (byte)((states[at >> 2] & ~(3 << shift)) | ((int)state << shift));
                if (states[at >> 2] == next) continue;
                Volatile.Write(ref states[at >> 2], next);
                dirty.Add((int)page);
            }
        }
    }

    /// <summary>The pages that changed since the last call, in order.</summary>
    public int[] TakeDirty()
    {
        lock (gate)
        {
            var taken = dirty.Order().ToArray();
            dirty.Clear();
            return taken;
        }
    }

    /// <summary>Pages that were taken but not made durable are to be taken again.</summary>
    public void GiveBack(ReadOnlySpan<int> taken)
    {
        lock (gate)
        {
            foreach (var page in taken) dirty.Add(page);
        }
    }

    /// <summary>Which of a page's two places is due: the other one holds the last that is known to be durable.</summary>
    public int NextSlot(int page) => (int)((sequences[page] + 1) & 1);

    /// <summary>The pages are durable as they were encoded.</summary>
    public void Commit(ReadOnlySpan<int> written)
    {
        foreach (var page in written) sequences[page]++;
    }

    /// <summary>Writes a page as it is stored next.</summary>
    public void Encode(int page, Span<byte> into)
    {
        lock (gate)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(into[4..], (uint)page);
            BinaryPrimitives.WriteUInt64LittleEndian(into[8..], sequences[page] + 1);
            pages[page].AsSpan().CopyTo(into[HeaderBytes..]);
            BinaryPrimitives.WriteUInt32LittleEndian(into, Crc32.HashToUInt32(into[4..PageBytes]));
        }
    }

    /// <summary>Takes the newer of the two stored copies of a page; one that was being written when the machine stopped does not count.</summary>
    /// <returns>False when there is something, but nothing whole.</returns>
    public bool TryDecode(int page, ReadOnlySpan<byte> both)
    {
        if (!both.ContainsAnyExcept((byte)0)) return true;
        for (var slot = 0; slot < 2; slot++)
        {
            var copy = both.Slice(slot * PageBytes, PageBytes);
            var sequence = BinaryPrimitives.ReadUInt64LittleEndian(copy[8..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(copy) != Crc32.HashToUInt32(copy[4..]) || BinaryPrimitives.ReadUInt32LittleEndian(copy[4..]) != page || sequence <= sequences[page]) continue;
            sequences[page] = sequence;
            pages[page] = copy[HeaderBytes..].ToArray();
        }

        // The first copy ever may have been cut: its other place is still empty and nothing was promised.
        return pages[page] is not null || !both[..PageBytes].ContainsAnyExcept((byte)0);
    }
}
