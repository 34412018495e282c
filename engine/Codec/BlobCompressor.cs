namespace HyperBdr.Engine.Codec;

/// <summary>Compresses blobs with the session's choice and decompresses any; one instance serves one caller at a time.</summary>
public sealed class BlobCompressor : IDisposable
{
    // A gain below one sixteenth is not worth a decompression at every later read.
    private const int WorthShift = 4;
    private readonly Compression choice;
    private readonly Func<IBlobCompressor> zstdFactory;
    private IBlobCompressor? zstd;
    private Lz4Blocks? lz4;

    /// <param name="choice">What new blobs are compressed with.</param>
    /// <param name="level">zstd level, 1 to 19; ignored by the others.</param>
    /// <param name="managed">Forces the managed port of zstd, as on a machine without the library.</param>
    public BlobCompressor(Compression choice, int level = 1, bool managed = false)
    {
        if (level is < 1 or > 19) throw new EngineException(Fault.InvalidArgument, "compression level", "must be 1 to 19");
        this.choice = choice;
        zstdFactory = () => managed || !NativeZstd.IsAvailable ? new ManagedZstd(level) : new NativeZstd(level);
    }

    private IBlobCompressor ZstdCodec => zstd ??= zstdFactory();

    /// <summary>Compresses where that is worth it.</summary>
    /// <param name="plain">1 byte or more.</param>
    /// <param name="into">At least as long as <paramref name="plain"/>; holds the result unless it is <see cref="Compression.None"/>.</param>
    /// <param name="length">Bytes of the result; of the plain bytes themselves for <see cref="Compression.None"/>, which are not copied.</param>
    public Compression Compress(ReadOnlySpan<byte> plain, Span<byte> into, out int length)
    {
        length = plain.Length;
        if (choice == Compression.None || Entropy.LooksIncompressible(plain)) return Compression.None;
        IBlobCompressor codec = choice == Compression.Zstd ? ZstdCodec : lz4 ??= new Lz4Blocks();
        var size = codec.Compress(plain, into[..(plain.Length - (plain.Length >> WorthShift))]);
        if (size == 0) return Compression.None;
        length = size;
        return choice;
    }

    /// <summary>Fills exactly <paramref name="plain"/>; false when the bytes do not decompress to that length.</summary>
    public bool TryDecompress(Compression compression, ReadOnlySpan<byte> packed, Span<byte> plain)
    {
        switch (compression)
        {
            case Compression.None when packed.Length == plain.Length:
                packed.CopyTo(plain);
                return true;
            case Compression.Zstd:
                return ZstdCodec.TryDecompress(packed, plain);
            case Compression.Lz4:
                return (lz4 ??= new Lz4Blocks()).TryDecompress(packed, plain);
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        zstd?.Dispose();
        lz4?.Dispose();
    }
}
