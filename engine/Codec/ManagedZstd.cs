using ZstdSharp;
using ZstdSharp.Unsafe;

namespace HyperBdr.Engine.Codec;

/// <summary>zstd by the managed port, where the native library is missing.</summary>
internal sealed class ManagedZstd : IBlobCompressor
{
    private readonly Compressor encoder;
    private readonly Decompressor decoder = new();

    public ManagedZstd(int level)
    {
        encoder = new Compressor(level);
        encoder.SetParameter(ZSTD_cParameter.ZSTD_c_contentSizeFlag, 0);
        if (level == 1) encoder.SetParameter(ZSTD_cParameter.ZSTD_c_minMatch, NativeZstd.FastMatch);
    }

    public int Compress(ReadOnlySpan<byte> plain, Span<byte> into) => encoder.TryWrap(plain, into, out var written) ? written : 0;

    public bool TryDecompress(ReadOnlySpan<byte> packed, Span<byte> plain)
    {
        try
        {
            return decoder.TryUnwrap(packed, plain, out var written) && written == plain.Length;
        }
        catch (ZstdException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        encoder.Dispose();
        decoder.Dispose();
    }
}
