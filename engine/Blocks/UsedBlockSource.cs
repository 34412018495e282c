using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Blocks;

/// <summary>A source seen without what its file systems do not use: unused ranges are holes, read as zeros and are never read from the medium.</summary>
/// <remarks>As safe for reads side by side as the source it wraps. Disposing it disposes that source.</remarks>
public sealed class UsedBlockSource(IBlockSource inner, RangeSet unused) : IBlockSource, ILengthVerified
{
    /// <inheritdoc />
    public string Name => inner.Name;

    /// <inheritdoc />
    public long? Length => inner.Length;

    /// <inheritdoc />
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        if (inner.Length is not { } length || DiskFile.Cut(new ByteRange(offset, into.Length), length) is not { } range) return await inner.ReadAsync(offset, into, ct);
        var position = offset;
        foreach (var hole in unused.Within(range))
        {
            await ReadUsedAsync(position, hole.Offset);
            into.Span.Slice((int)(hole.Offset - offset), (int)hole.Length).Clear();
            position = hole.End;
        }

        await ReadUsedAsync(position, range.End);
        return (int)range.Length;

        async ValueTask ReadUsedAsync(long from, long to)
        {
            if (from >= to) return;
            // The last block is asked for whole, as a source's reads are in whole blocks.
            var room = (int)Math.Min(into.Length - (from - offset), Block.CountFor(to - from) * Block.Size);
            var count = await inner.ReadAsync(from, into.Slice((int)(from - offset), room), ct);
            if (count < to - from) throw DiskFile.Shrank(Name, from + count);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        Extent? open = null;
        await foreach (var extent in inner.ExtentsAsync(range, ct))
        {
            foreach (var part in Split(extent))
            {
                if (open is { } last && last.IsData == part.IsData)
                {
                    open = last with { Length = last.Length + part.Length };
                    continue;
                }

                if (open is { } done) yield return done;
                open = part;
            }
        }

        if (open is { } rest) yield return rest;
    }

    /// <inheritdoc />
    public ValueTask VerifyLengthAsync(CancellationToken ct) => inner is ILengthVerified verified ? verified.VerifyLengthAsync(ct) : ValueTask.CompletedTask;

    /// <inheritdoc />
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private IEnumerable<Extent> Split(Extent extent)
    {
        if (!extent.IsData)
        {
            yield return extent;
            yield break;
        }

        var position = extent.Offset;
        foreach (var hole in unused.Within(new ByteRange(extent.Offset, extent.Length)))
        {
            if (hole.Offset > position) yield return new Extent(position, hole.Offset - position, IsData: true);
            yield return new Extent(hole.Offset, hole.Length, IsData: false);
            position = hole.End;
        }

        if (position < extent.End) yield return new Extent(position, extent.End - position, IsData: true);
    }
}
