using System.Buffers;

namespace HyperBdr.Owl.Domain;

/// <summary>A signature over the chain up to one entry: who rewrites the database without the key cannot rewrite this.</summary>
public sealed class Checkpoint
{
    /// <summary>Each so many entries a checkpoint is due in the transaction of that entry; a chain without it is not intact.</summary>
    public const long Interval = 1000;

    public Guid TenantId { get; init; }
    public long Sequence { get; init; }
    public required byte[] Hash { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>First 8 bytes of the SHA-256 of the public key (SubjectPublicKeyInfo), in hex.</summary>
    public required string KeyId { get; init; }

    /// <summary>ECDSA P-256 over SHA-256, IEEE P1363 form (64 bytes).</summary>
    public byte[] Signature { get; set; } = [];

    /// <summary>The bytes that the signature covers (docs/formats/audit-chain.md).</summary>
    public byte[] SignedBytes()
    {
        var bytes = new ArrayBufferWriter<byte>(128);
        bytes.Write("HBAC\u0001"u8);
        ChainHash.Put(bytes, TenantId);
        ChainHash.Put(bytes, Sequence);
        bytes.Write(Hash);
        ChainHash.Put(bytes, ChainHash.Microseconds(CreatedAt));
        return bytes.WrittenSpan.ToArray();
    }
}
