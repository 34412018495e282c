using System.Buffers;
using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>A disk that reads as its base until it is written; what is written stays in a local sparse file, block by block (docs/formats/overlay.md).</summary>
/// <remarks>Safe for calls side by side; writes of one block happen one after the other. After a flush everything written before it survives
/// the end of the process or the machine; later writes survive in whole blocks or not at all. The base is neither written nor disposed.
/// Failures: <see cref="Fault.TargetFailed"/>, <see cref="Fault.SourceUnreadable"/>, and those of the base.</remarks>
public sealed class CopyOnWriteOverlay : IBlockSource, IBlockTarget
{
    private readonly IBlockSource source;
    private readonly OverlayFile file;
    private readonly RangeLock writes = new();
    private readonly SemaphoreSlim flushing = new(1);
    private readonly long length;
    private int disposed;

    private CopyOnWriteOverlay(IBlockSource source, OverlayFile file, string path, long length)
    {
        (this.source, this.file, this.length) = (source, file, length);
        Name = path;
    }

    /// <inheritdoc cref="IBlockSource.Name"/>
    public string Name { get; }

    /// <inheritdoc/>
    public long? Length => length;

    /// <summary>Opens the overlay at <paramref name="path"/>, or makes it where nothing is.</summary>
    /// <param name="path">The local file; its file system should know sparse files.</param>
    /// <param name="source">The base, of known and constant length and content.</param>
    /// <param name="identity">What tells this base from every other (a recovery point's and disk's id): at most 1024 bytes of UTF-8.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: the file belongs to another base; <see cref="Fault.Busy"/>: somebody has it open;
    /// <see cref="Fault.Corrupt"/>, <see cref="Fault.NewerFormat"/>, <see cref="Fault.TargetFailed"/>.</exception>
    public static CopyOnWriteOverlay Open(string path, IBlockSource source, string identity)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(identity);
        if (source.Length is not { } length) throw new EngineException(Fault.InvalidArgument, source.Name, "a stream of unknown length cannot be a base");
        if (System.Text.Encoding.UTF8.GetByteCount(identity) > OverlayFile.MaxIdentityBytes)
            throw new EngineException(Fault.InvalidArgument, path, $"the base's identity has more than {OverlayFile.MaxIdentityBytes} bytes");
        return new(source, File.Exists(path) ? OverlayFile.Open(path, length, identity) : OverlayFile.Create(path, length, identity), path, length);
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        if (offset % Block.Size != 0 || offset < 0) throw new EngineException(Fault.InvalidArgument, At(offset), "reads begin on a block");
        var size = (int)Math.Clamp(length - offset, 0, into.Length);
        for (var at = 0; at < size;)
        {
            var block = (offset + at) / Block.Size;
            var state = file.Bitmap[block];
            var some = (int)Math.Min(file.Bitmap.RunLength(block, Block.CountFor(offset + size)) * Block.Size, size - at);
            if (state == BlockState.Zero) into.Span.Slice(at, some).Clear();
            else if (state == BlockState.Data) file.Read(block, into.Span.Slice(at, some));
            else await ReadBaseAsync(offset + at, into.Slice(at, some), into.Length - at, ct);
            at += some;
        }

        return size;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        var start = range.Offset & -Block.Size;
        var end = Math.Min(range.End, length);
        if (start >= end) yield break;
        var merged = new ExtentMerger(start, end);
        for (var at = start; at < end;)
        {
            var state = file.Bitmap[at / Block.Size];
            var until = Math.Min(at + file.Bitmap.RunLength(at / Block.Size, Block.CountFor(end)) * Block.Size, end);
            if (state != BlockState.Base)
            {
                if (merged.Add(new(at, until - at), state == BlockState.Data) is { } extent) yield return extent;
            }
            else
            {
                await foreach (var below in source.ExtentsAsync(new(at, until - at), ct))
                {
                    if (merged.Add(new(below.Offset, below.Length), below.IsData) is { } extent) yield return extent;
                }
            }

            at = until;
        }

        if (merged.Last() is { } last) yield return last;
    }

    /// <summary>Exactly what was written or zeroed since the overlay was made, in whole blocks: ascending, not adjoining, the last cut at the disk's end.</summary>
    public async IAsyncEnumerable<ByteRange> ChangedRangesAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask;
        var blocks = Block.CountFor(length);
        for (var block = 0L; block < blocks;)
        {
            ct.ThrowIfCancellationRequested();
            var start = block;
            while (block < blocks && file.Bitmap[block] != BlockState.Base) block += file.Bitmap.RunLength(block, blocks);
            if (block > start) yield return new(start * Block.Size, Math.Min(block * Block.Size, length) - start * Block.Size);
            if (block < blocks) block += file.Bitmap.RunLength(block, blocks);
        }
    }

    /// <summary>Checks that the disk is so long; it is never known to be all zeros.</summary>
    public ValueTask<bool> PrepareAsync(long length, CancellationToken ct) =>
        length <= this.length ? new(false) : throw new EngineException(Fault.TargetFailed, Name, $"the disk has {this.length} bytes, not {length}");

    /// <inheritdoc/>
    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        if (content.IsEmpty) return;
        var cover = Cover(new(offset, content.Length));
        using var held = await writes.EnterAsync(cover, ct);
        for (var at = 0; at < content.Length;)
        {
            var within = (int)((offset + at) & (Block.Size - 1));
            var whole = offset + content.Length == length ? content.Length - at : (content.Length - at) & -Block.Size;
            var some = within == 0 && whole > 0 ? whole : Math.Min(Block.Size - within, content.Length - at);
            if (within == 0 && whole > 0) Put(offset + at, content.Slice(at, some));
            else await MergeAsync(offset + at, content.Slice(at, some), ct);
            at += some;
        }
    }

    /// <inheritdoc/>
    public async ValueTask ZeroAsync(ByteRange range, CancellationToken ct)
    {
        if (range.Length == 0) return;
        var cover = Cover(range);
        using var held = await writes.EnterAsync(cover, ct);
        var start = (range.Offset + Block.Size - 1) & -Block.Size;
        var end = range.End == length ? cover.End : range.End & -Block.Size;
        if (start >= end)
        {
            // Inside of one block, or over the edge of two.
            for (var at = range.Offset; at < range.End;)
            {
                var next = Math.Min((at & -Block.Size) + Block.Size, range.End);
                await MergeAsync(at, new byte[next - at], ct);
                at = next;
            }

            return;
        }

        if (range.Offset < start) await MergeAsync(range.Offset, new byte[start - range.Offset], ct);
        if (end < range.End) await MergeAsync(end, new byte[range.End - end], ct);
        var (first, count) = (start / Block.Size, Block.CountFor(end) - start / Block.Size);
        // The state first: whoever reads the place meanwhile finds old bytes or zeros.
        file.Bitmap.Set(first, count, BlockState.Zero);
        file.Punch(first, count);
    }

    /// <inheritdoc/>
    public async ValueTask FlushAsync(CancellationToken ct)
    {
        await flushing.WaitAsync(ct);
        try
        {
            await Task.Run(file.Flush, CancellationToken.None);
        }
        finally
        {
            flushing.Release();
        }
    }

    /// <summary>Flushes and closes the file; the base stays open.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        try
        {
            await FlushAsync(CancellationToken.None);
        }
        finally
        {
            file.Dispose();
            flushing.Dispose();
        }
    }

    private async ValueTask ReadBaseAsync(long offset, Memory<byte> into, int room, CancellationToken ct)
    {
        // A base is read in whole blocks; only the disk's last piece may be shorter than one.
        var padded = (into.Length + Block.Size - 1) & -Block.Size;
        if (padded == into.Length || padded > room)
        {
            await FillAsync(offset, into, into.Length, ct);
            return;
        }

        var block = ArrayPool<byte>.Shared.Rent(padded);
        try
        {
            await FillAsync(offset, block.AsMemory(0, padded), into.Length, ct);
            block.AsSpan(0, into.Length).CopyTo(into.Span);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private async ValueTask FillAsync(long offset, Memory<byte> into, int need, CancellationToken ct)
    {
        if (await source.ReadAsync(offset, into, ct) < need) throw new EngineException(Fault.SourceShrank, $"{source.Name}@{offset}", "the base ends early");
    }

    /// <summary>Data first, then the state that names it.</summary>
    private void Put(long offset, ReadOnlyMemory<byte> content)
    {
        file.Write(offset, content);
        file.Bitmap.Set(offset / Block.Size, Block.CountFor(content.Length), BlockState.Data);
    }

    private async ValueTask MergeAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var block = ArrayPool<byte>.Shared.Rent(Block.Size);
        try
        {
            var start = offset & -Block.Size;
            var size = await ReadAsync(start, block.AsMemory(0, Block.Size), ct);
            content.Span.CopyTo(block.AsSpan((int)(offset - start)));
            Put(start, block.AsMemory(0, size));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private ByteRange Cover(ByteRange range)
    {
        if (range.Offset < 0 || range.Length < 0 || range.Offset > length - range.Length) throw new EngineException(Fault.TargetFailed, At(range.Offset), $"{range.Length} bytes do not fit into {length}");
        var start = range.Offset & -Block.Size;
        return new(start, Math.Min((range.End + Block.Size - 1) & -Block.Size, length) - start);
    }

    private string At(long offset) => $"{Name}@{offset}";
}
