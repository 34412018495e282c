using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Capture.Freezing;

/// <summary>A disk as far as a spool has it.</summary>
internal sealed class SpooledSource(Spool spool, string disk, long length) : IBlockSource
{
    public string Name => disk;

    public long? Length => length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var count = (int)Math.Clamp(length - offset, 0, into.Length);
        spool.Read(disk, offset, into.Span[..(int)(Block.CountFor(count) * Block.Size)]);
        return new(count);
    }

    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        if (Math.Min(length, range.End) is var end && end > range.Offset) yield return new Extent(range.Offset, end - range.Offset, IsData: true);
        await ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
