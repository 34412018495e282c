using System.Security.Cryptography;
using ZstdSharp;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>What a sealed object is; number and name are part of the format.</summary>
public enum SealedPurpose : byte
{
    /// <summary>A recovery point's manifest.</summary>
    Manifest = 1,
    /// <summary>An index segment.</summary>
    Index = 2,
    /// <summary>An object of the collector's epochs.</summary>
    Epoch = 3,
    /// <summary>A link of the key chain.</summary>
    Keyring = 4,
    /// <summary>A setting of the repository.</summary>
    Config = 5,
}

/// <summary>Seals and opens small objects: AES-256-GCM under a key of their own (docs/formats/keys.md).</summary>
/// <remarks>
/// Pure functions, safe for calls side by side. Opening gives exactly the bytes that were sealed in this tenant, repository, epoch,
/// purpose and context, or fails. The key comes from 32 random bytes per object, so it is used once and the nonce may be zero.
/// </remarks>
public static class SealedObject
{
    /// <summary>The largest object, in plain bytes: 64 MiB.</summary>
    public const int MaxPlainLength = 64 * 1024 * 1024;

    /// <summary>Sealed bytes beyond the (compressed) plain ones.</summary>
    public const int Overhead = SealedHeader.Size + TagSize;

    private const int TagSize = 16;
    private const int NonceSize = 12;
    private const int MaxContext = 4096;
    private const int ZstdLevel = 3;

    /// <summary>Seals under the ring's latest epoch.</summary>
    /// <param name="ring">The ring.</param>
    /// <param name="purpose">What the object is.</param>
    /// <param name="plain">At most <see cref="MaxPlainLength"/> bytes.</param>
    /// <param name="context">What the object must be opened with too, at most 4,096 bytes: a name, a place. Not stored.</param>
    /// <param name="compression"><see cref="Compression.Zstd"/> or <see cref="Compression.None"/>; what does not shrink stays as it is.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public static byte[] Seal(KeyRing ring, SealedPurpose purpose, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context, Compression compression)
    {
        Span<byte> salt = stackalloc byte[KeyRing.SaltSize];
        RandomNumberGenerator.Fill(salt);
        return Seal(ring, ring.SealEpoch, purpose, plain, context, compression, salt);
    }

    /// <summary>The plain bytes.</summary>
    /// <param name="ring">The ring; it holds the object's epoch.</param>
    /// <param name="purpose">What the object is taken for.</param>
    /// <param name="stored">The object's bytes.</param>
    /// <param name="context">The bytes that it was sealed with.</param>
    /// <param name="maxPlainLength">The most that the caller takes, in plain bytes; checked before allocation.</param>
    /// <param name="name">The object's name, for errors.</param>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: changed, another purpose or context, or too large.
    /// <see cref="Fault.ForeignRepository"/>, <see cref="Fault.MissingEpoch"/>, <see cref="Fault.NewerFormat"/>.</exception>
    public static byte[] Open(KeyRing ring, SealedPurpose purpose, ReadOnlySpan<byte> stored, ReadOnlySpan<byte> context, int maxPlainLength, string name)
    {
        var header = SealedHeader.Read(stored, ring, purpose, maxPlainLength, name);
        var inner = new byte[stored.Length - Overhead];
        Decrypt(ring, header, stored, context, inner, name);
        return header.IsCompressed ? Decompress(inner, header.PlainLength, name) : inner;
    }

    /// <summary>As <see cref="Open"/>, for an object that holds a secret and was not compressed.</summary>
    internal static SecretBytes OpenSecret(KeyRing ring, SealedPurpose purpose, ReadOnlySpan<byte> stored, ReadOnlySpan<byte> context, int maxPlainLength, string name)
    {
        var header = SealedHeader.Read(stored, ring, purpose, maxPlainLength, name);
        if (header.IsCompressed) throw new EngineException(Fault.Corrupt, name, "holds a secret and is compressed");
        var plain = new SecretBytes(header.PlainLength);
        try
        {
            Decrypt(ring, header, stored, context, plain.Span, name);
        }
        catch (EngineException)
        {
            plain.Dispose();
            throw;
        }

        return plain;
    }

    internal static byte[] Seal(KeyRing ring, uint epoch, SealedPurpose purpose, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context, Compression compression, ReadOnlySpan<byte> salt)
    {
        if (plain.Length > MaxPlainLength) throw Invalid($"{plain.Length} bytes are more than {MaxPlainLength}");
        if (context.Length > MaxContext) throw Invalid($"a context of {context.Length} bytes is more than {MaxContext}");
        var compressed = compression switch
        {
            Compression.None => null,
            Compression.Zstd => Compress(plain),
            _ => throw Invalid("is compressed with zstd or not at all"),
        };
        var inner = compressed ?? plain;
        var stored = new byte[Overhead + inner.Length];
        var header = new SealedHeader(purpose, compressed is not null, epoch, ring.RepositoryId, plain.Length);
        header.Write(stored, salt);

        Span<byte> key = stackalloc byte[KeyRing.KeySize];
        ring.ObjectKey(header.Epoch, salt, purpose.KeyName(), key);
        using var aes = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        aes.Encrypt(new byte[NonceSize], inner, stored.AsSpan(SealedHeader.Size, inner.Length), stored.AsSpan(^TagSize..), AssociatedData(ring, stored, context));
        return stored;
    }

    private static void Decrypt(KeyRing ring, SealedHeader header, ReadOnlySpan<byte> stored, ReadOnlySpan<byte> context, Span<byte> into, string name)
    {
        Span<byte> key = stackalloc byte[KeyRing.KeySize];
        ring.ObjectKey(header.Epoch, SealedHeader.Salt(stored), header.Purpose.KeyName(), key);
        using var aes = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        try
        {
            aes.Decrypt(new byte[NonceSize], stored[SealedHeader.Size..^TagSize], stored[^TagSize..], into, AssociatedData(ring, stored, context));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new EngineException(Fault.Corrupt, name, "does not fit its tag: changed, or taken for another object");
        }
    }

    private static byte[] AssociatedData(KeyRing ring, ReadOnlySpan<byte> stored, ReadOnlySpan<byte> context)
    {
        var data = new byte[SealedHeader.Size + 32 + context.Length];
        var writer = new FieldWriter(data);
        writer.Bytes(stored[..SealedHeader.Size]);
        writer.Id(ring.TenantId);
        writer.Id(ring.RepositoryId);
        writer.Bytes(context);
        return data;
    }

    // Null when the bytes do not shrink.
    private static byte[]? Compress(ReadOnlySpan<byte> plain)
    {
        using var zstd = new Compressor(ZstdLevel);
        var packed = zstd.Wrap(plain);
        return packed.Length < plain.Length ? packed.ToArray() : null;
    }

    private static byte[] Decompress(ReadOnlySpan<byte> packed, int plainLength, string name)
    {
        var plain = new byte[plainLength];
        try
        {
            using var zstd = new Decompressor();
            if (zstd.Unwrap(packed, plain) == plainLength) return plain;
        }
        catch (ZstdException e)
        {
            throw new EngineException(Fault.Corrupt, name, "does not decompress", e);
        }

        throw new EngineException(Fault.Corrupt, name, $"does not decompress to {plainLength} bytes");
    }

    private static EngineException Invalid(string message) => new(Fault.InvalidArgument, "sealed object", message);
}
