using System.Runtime.CompilerServices;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Blocks;

/// <summary>The calls on one open file that sources and targets share: reads that name the bad place, extents, zeroing.</summary>
internal static class DiskFile
{
    private static readonly byte[] Zeros = GC.AllocateArray<byte>(1 << 20, pinned: true);

    /// <summary>Fills the memory up to the source's end.</summary>
    /// <returns>Bytes read.</returns>
    public static int ReadWithin(SafeFileHandle file, string name, long offset, Span<byte> into, long length, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (Cut(new ByteRange(offset, into.Length), length) is not { } range) return 0;
        ReadExactly(file, name, offset, into[..(int)range.Length]);
        return (int)range.Length;
    }

    /// <summary>As <see cref="Extents"/>, for a range that may reach over the source's end.</summary>
    public static async IAsyncEnumerable<Extent> ExtentsAsync(SafeFileHandle file, string name, ByteRange range, long length, [EnumeratorCancellation] CancellationToken ct)
    {
        if (Cut(range, length) is not { } within) yield break;
        foreach (var extent in Extents(file, name, within, length))
        {
            ct.ThrowIfCancellationRequested();
            yield return extent;
        }

        await ValueTask.CompletedTask;
    }

    /// <summary>Fills the memory; the caller has cut it at the source's end, so an early end means that the file shrank.</summary>
    public static void ReadExactly(SafeFileHandle file, string name, long offset, Span<byte> into)
    {
        for (var done = 0; done < into.Length;)
        {
            int count;
            try
            {
                // The kernel gives what precedes a bad page and fails the next call, so the offset of the failure is exact.
                count = RandomAccess.Read(file, into[done..], offset + done);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unreadable(name, offset + done, into.Length - done, e);
            }

            if (count == 0) throw Shrank(name, offset + done);
            done += count;
        }
    }

    /// <summary>The first block of what could not be read: one block is the most that one error condemns.</summary>
    public static SourceUnreadableException Unreadable(string name, long offset, int length, Exception inner)
    {
        var block = Math.Min(length, Block.Size - (int)(offset % Block.Size));
        return new SourceUnreadableException(name, new ByteRange(offset, block), inner);
    }

    public static EngineException Shrank(string name, long offset) =>
        new(Fault.SourceShrank, name, $"ends at or before offset {offset}, earlier than when it was opened");

    /// <summary>Throws when the length is no longer what it was.</summary>
    public static void VerifyLength(string name, long then, long now)
    {
        if (now < then) throw new EngineException(Fault.SourceShrank, name, $"was {then} bytes long when opened and is {now} now");
        if (now > then) throw new EngineException(Fault.SourceGrew, name, $"was {then} bytes long when opened and is {now} now");
    }

    /// <summary>The data extents and holes of a range, by SEEK_DATA and SEEK_HOLE (lseek(2)).</summary>
    /// <param name="range">Already cut at <paramref name="length"/>.</param>
    /// <param name="length">The source's length; a file that is shorter by now has no holes there, it shrank.</param>
    public static IEnumerable<Extent> Extents(SafeFileHandle file, string name, ByteRange range, long length)
    {
        for (var position = range.Offset; position < range.End;)
        {
            var data = Posix.NextData(file, position);
            if (data == -1 && RandomAccess.GetLength(file) < length) throw Shrank(name, RandomAccess.GetLength(file));

            var begin = data switch
            {
                -1 => range.End,
                -2 => position,
                _ => Math.Max(position, Math.Min(range.End, data - (data % Block.Size))),
            };
            if (begin > position) yield return new Extent(position, begin - position, IsData: false);
            if (begin >= range.End) yield break;

            // A hole shorter than a block, or one that ends inside a block with data, counts as data.
            var hole = data < 0 ? -2 : Posix.NextHole(file, data);
            var end = hole < 0 ? range.End : Math.Min(range.End, Block.CountFor(hole) * Block.Size);
            while (end < range.End && Posix.NextData(file, end) is >= 0 and var next && next - (next % Block.Size) <= end)
            {
                var after = Posix.NextHole(file, next);
                end = after < 0 ? range.End : Math.Min(range.End, Block.CountFor(after) * Block.Size);
            }

            yield return new Extent(begin, end - begin, IsData: true);
            position = end;
        }
    }

    public static void Write(SafeFileHandle file, string name, long offset, ReadOnlySpan<byte> content)
    {
        try
        {
            RandomAccess.Write(file, content, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed($"{name} at offset {offset}", e);
        }
    }

    public static void WriteZeros(SafeFileHandle file, string name, ByteRange range, CancellationToken ct)
    {
        for (var position = range.Offset; position < range.End;)
        {
            ct.ThrowIfCancellationRequested();
            var length = (int)Math.Min(Zeros.Length, range.End - position);
            Write(file, name, position, Zeros.AsSpan(0, length));
            position += length;
        }
    }

    public static EngineException Failed(string subject, Exception inner) => new(Fault.TargetFailed, subject, inner.Message, inner);

    /// <summary>The part of a range that lies on the disk; null when there is none.</summary>
    public static ByteRange? Cut(ByteRange range, long length)
    {
        if (range.Offset < 0 || range.Length < 0) throw new EngineException(Fault.InvalidArgument, "range", $"offset {range.Offset}, length {range.Length}");
        return range.Offset >= length || range.Length == 0 ? null : range with { Length = Math.Min(range.Length, length - range.Offset) };
    }

    /// <summary>Refuses a range that does not lie on the target whole.</summary>
    public static void MustLieWithin(string name, long offset, long count, long length)
    {
        if (offset < 0 || count < 0 || offset > length || count > length - offset)
        {
            throw new EngineException(Fault.InvalidArgument, $"{name} at offset {offset}", $"{count} bytes do not fit into {length}");
        }
    }
}
