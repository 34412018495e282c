namespace HyperBdr.Engine.Codec;

/// <summary>One way to compress a blob; holds working memory, so one instance serves one caller at a time.</summary>
internal interface IBlobCompressor : IDisposable
{
    /// <summary>Compresses into <paramref name="into"/>.</summary>
    /// <returns>Bytes written; 0 when the result does not fit.</returns>
    int Compress(ReadOnlySpan<byte> plain, Span<byte> into);

    /// <summary>Fills exactly <paramref name="plain"/>.</summary>
    /// <returns>False when the bytes are no such frame or hold another length.</returns>
    bool TryDecompress(ReadOnlySpan<byte> packed, Span<byte> plain);
}
