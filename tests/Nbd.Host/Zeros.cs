using HyperBdr.Engine.Blocks;

namespace HyperBdr.Nbd.Host;

/// <summary>A base of zeros.</summary>
internal sealed class Zeros(long length) : IBlockSource
{
    public string Name => "zeros";

    public long? Length => length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        into.Span.Clear();
        return new((int)Math.Clamp(length - offset, 0, into.Length));
    }

    public IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, CancellationToken ct) =>
        new[] { new Extent(range.Offset, Math.Min(range.End, length) - range.Offset, false) }.ToAsyncEnumerable();

    public ValueTask DisposeAsync() => default;
}
