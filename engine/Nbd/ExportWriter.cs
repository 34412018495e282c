using System.Buffers;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>Carries out writes of any offset and length on a target of whole blocks: a block covered in part is read, changed and written.</summary>
internal static class ExportWriter
{
    private const int ZeroPiece = 1024 * 1024;
    private static readonly byte[] Zeros = new byte[ZeroPiece];

    public static async ValueTask WriteAsync(NbdExport export, long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var cover = Cover(export, offset, content.Length);
        using var held = await export.Writes.EnterAsync(cover, ct);
        await WriteLockedAsync(export, offset, content, ct);
    }

    /// <summary>Makes a range read as zeros; with <paramref name="allocate"/> by writing them.</summary>
    public static async ValueTask ZeroAsync(NbdExport export, ByteRange range, bool allocate, CancellationToken ct)
    {
        using var held = await export.Writes.EnterAsync(Cover(export, range.Offset, range.Length), ct);
        if (allocate)
        {
            for (var done = 0L; done < range.Length; done += ZeroPiece)
                await WriteLockedAsync(export, range.Offset + done, Zeros.AsMemory(0, (int)Math.Min(ZeroPiece, range.Length - done)), ct);
            return;
        }

        var whole = Whole(export, range);
        if (whole.Length <= 0)
        {
            await WriteLockedAsync(export, range.Offset, Zeros.AsMemory(0, (int)range.Length), ct);
            return;
        }

        if (whole.Offset > range.Offset) await WriteLockedAsync(export, range.Offset, Zeros.AsMemory(0, (int)(whole.Offset - range.Offset)), ct);
        await export.Writable!.ZeroAsync(whole, ct);
        if (range.End > whole.End) await WriteLockedAsync(export, whole.End, Zeros.AsMemory(0, (int)(range.End - whole.End)), ct);
    }

    /// <summary>Forgets the whole blocks of a range; what is covered in part stays, as the protocol lets it.</summary>
    public static async ValueTask TrimAsync(NbdExport export, ByteRange range, CancellationToken ct)
    {
        var whole = Whole(export, range);
        if (whole.Length <= 0) return;
        using var held = await export.Writes.EnterAsync(whole, ct);
        await export.Writable!.ZeroAsync(whole, ct);
    }

    /// <summary>The whole blocks around a range, cut at the disk's end.</summary>
    public static ByteRange Cover(NbdExport export, long offset, long length)
    {
        var start = offset & -Block.Size;
        return new(start, Math.Min((offset + length + Block.Size - 1) & -Block.Size, export.Length) - start);
    }

    /// <summary>The whole blocks inside of a range; the disk's last, shorter one counts as whole. May be of no length.</summary>
    private static ByteRange Whole(NbdExport export, ByteRange range)
    {
        var start = (range.Offset + Block.Size - 1) & -Block.Size;
        var end = range.End == export.Length ? range.End : range.End & -Block.Size;
        return new(start, end - start);
    }

    private static async ValueTask WriteLockedAsync(NbdExport export, long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var head = (int)(-offset & (Block.Size - 1));
        if (head > 0)
        {
            var some = Math.Min(head, content.Length);
            await MergeAsync(export, offset, content[..some], ct);
            offset += some;
            content = content[some..];
        }

        var tail = offset + content.Length == export.Length ? 0 : content.Length & (Block.Size - 1);
        if (content.Length > tail) await export.Writable!.WriteAsync(offset, content[..^tail], ct);
        if (tail > 0) await MergeAsync(export, offset + content.Length - tail, content[^tail..], ct);
    }

    /// <summary>Changes a part of one block.</summary>
    private static async ValueTask MergeAsync(NbdExport export, long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var block = ArrayPool<byte>.Shared.Rent(Block.Size);
        try
        {
            var start = offset & -Block.Size;
            var length = (int)Math.Min(Block.Size, export.Length - start);
            if (await export.Source.ReadAsync(start, block.AsMemory(0, Block.Size), ct) < length)
                throw new EngineException(Fault.SourceShrank, $"{export.Source.Name}@{start}", "the disk ends early");
            content.Span.CopyTo(block.AsSpan((int)(offset - start)));
            await export.Writable!.WriteAsync(start, block.AsMemory(0, length), ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
