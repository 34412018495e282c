using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;

namespace HyperBdr.Engine.Packs;

/// <summary>Opens blobs: tag, decompression, keyed id. Holds working memory, so one instance serves one caller at a time.</summary>
internal sealed class BlobOpener(KeyRing keys) : IDisposable
{
    private readonly BlobCompressor compressor = new(Compression.None);
    private readonly byte[] packed = new byte[PackLayout.MaxBlobPlain];

    /// <summary>Opens a blob and checks its id.</summary>
    /// <param name="cipher">The pack's.</param>
    /// <param name="kind">Which key the id has.</param>
    /// <param name="id">The id that the bytes must have.</param>
    /// <param name="at">Where it lies.</param>
    /// <param name="sealedBytes">The sealed bytes, as read.</param>
    /// <param name="plain">Exactly the blob's plain length; undefined after a failure.</param>
    /// <returns>False when anything is not as it was written.</returns>
    public bool TryOpen(PackCipher cipher, PackKind kind, ChunkId id, in ChunkLocation at, ReadOnlySpan<byte> sealedBytes, Span<byte> plain)
    {
        if (!TryOpenTag(cipher, id, at, sealedBytes, out var data)) return false;
        return compressor.TryDecompress(at.Compression, data, plain) && BlobId.Of(keys, kind, plain) == id;
    }

    /// <summary>Checks the tag only.</summary>
    /// <param name="data">The bytes before decompression; valid until the next call.</param>
    public bool TryOpenTag(PackCipher cipher, ChunkId id, in ChunkLocation at, ReadOnlySpan<byte> sealedBytes, out ReadOnlySpan<byte> data)
    {
        var into = packed.AsSpan(0, sealedBytes.Length - PackCipher.TagSize);
        data = into;
        return cipher.TryOpen(new BlobKey(at.Slot, id, at.PlainLength, at.Compression), sealedBytes, into);
    }

    public void Dispose() => compressor.Dispose();
}

/// <summary>The keyed id of a blob's plain bytes: HMAC-SHA-256 (RFC 2104) under a key of its kind.</summary>
internal static class BlobId
{
    public static ChunkId Of(KeyRing keys, PackKind kind, ReadOnlySpan<byte> plain)
    {
        Span<byte> id = stackalloc byte[Hash256.Size];
        HMACSHA256.HashData(kind == PackKind.Map ? keys.NodeIdKey : keys.ChunkIdKey, plain, id);
        return new ChunkId(new Hash256(id));
    }
}
