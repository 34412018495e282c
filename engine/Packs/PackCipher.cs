using System.Buffers.Binary;
using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;

namespace HyperBdr.Engine.Packs;

/// <summary>Seals and opens the blobs of one pack under the pack's own derived key.</summary>
/// <remarks>
/// AES-256-GCM (NIST SP 800-38D). A key serves one pack, and the nonce is the blob's slot in it, so that no nonce comes twice. The
/// associated data binds tenant, repository, format, kind, slot, id, compression and plain length. One caller at a time.
/// </remarks>
internal sealed class PackCipher : IDisposable
{
    public const int TagSize = 16;
    public const uint DirectorySlot = uint.MaxValue;
    private const int AssociatedSize = 16 + 16 + 4 + 4 + 4 + Hash256.Size;
    private readonly AesGcm cipher;
    private readonly byte[] associated = new byte[AssociatedSize];
    private readonly byte[] nonce = new byte[12];

    public PackCipher(KeyRing keys, in PackHeader header)
    {
        Span<byte> key = stackalloc byte[32];
        keys.PackKey(header.Epoch, header.Salt.Span, key);
        cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        keys.TenantId.TryWriteBytes(associated, bigEndian: true, out _);
        keys.RepositoryId.TryWriteBytes(associated.AsSpan(16), bigEndian: true, out _);
        BinaryPrimitives.WriteUInt16LittleEndian(associated.AsSpan(32), PackHeader.Version);
        associated[34] = (byte)header.Kind;
    }

    /// <summary>Writes ciphertext and tag: <paramref name="data"/>'s length and <see cref="TagSize"/> bytes more.</summary>
    public void Seal(in BlobKey blob, ReadOnlySpan<byte> data, Span<byte> sealedBytes)
    {
        Bind(blob);
        cipher.Encrypt(nonce, data, sealedBytes[..data.Length], sealedBytes.Slice(data.Length, TagSize), associated);
    }

    /// <summary>Opens into <paramref name="data"/>; false when one bit of anything is not as it was sealed.</summary>
    public bool TryOpen(in BlobKey blob, ReadOnlySpan<byte> sealedBytes, Span<byte> data)
    {
        if (sealedBytes.Length != data.Length + TagSize) return false;
        Bind(blob);
        try
        {
            cipher.Decrypt(nonce, sealedBytes[..data.Length], sealedBytes[data.Length..], data, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => cipher.Dispose();

    private void Bind(in BlobKey blob)
    {
        associated[35] = (byte)blob.Compression;
        BinaryPrimitives.WriteUInt32LittleEndian(associated.AsSpan(36), blob.Slot);
        BinaryPrimitives.WriteUInt32LittleEndian(associated.AsSpan(40), blob.PlainLength);
        blob.Id.Value.CopyTo(associated.AsSpan(44));
        BinaryPrimitives.WriteUInt32LittleEndian(nonce, blob.Slot);
    }
}

/// <summary>What a blob's seal is bound to.</summary>
internal readonly record struct BlobKey(uint Slot, ChunkId Id, uint PlainLength, Compression Compression);
