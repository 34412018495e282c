using K4os.Compression.LZ4;

namespace HyperBdr.Engine.Codec;

/// <summary>LZ4 blocks: half the size gain of zstd at a third of its time.</summary>
internal sealed class Lz4Blocks : IBlobCompressor
{
    public int Compress(ReadOnlySpan<byte> plain, Span<byte> into) => Math.Max(0, LZ4Codec.Encode(plain, into));

    public bool TryDecompress(ReadOnlySpan<byte> packed, Span<byte> plain) => LZ4Codec.Decode(packed, plain) == plain.Length;

    public void Dispose()
    {
    }
}
