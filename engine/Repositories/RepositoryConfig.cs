using System.Security.Cryptography;
using HyperBdr.Engine.Codec.Keys;

namespace HyperBdr.Engine.Repositories;

/// <summary>The object <c>config</c>: what a program must know of a repository before it may touch it (docs/formats/config.md).</summary>
/// <remarks>
/// <see cref="Parse"/> needs no key, so that a program that is too old refuses before it asks for one; what it gives is believed only
/// after <see cref="Verify"/> of the same bytes. Unchanging; safe for calls side by side.
/// </remarks>
/// <param name="TenantId">The tenant.</param>
/// <param name="RepositoryId">The repository.</param>
/// <param name="Mandatory">Features that a program must know to open the repository at all.</param>
/// <param name="Optional">Features that a program may ignore; unknown bits are kept.</param>
/// <param name="Chunking">How disks are cut into chunks.</param>
/// <param name="CreatedAt">When the repository was made, in microseconds, UTC; for people only.</param>
public sealed record RepositoryConfig(Guid TenantId, Guid RepositoryId, ulong Mandatory, ulong Optional, ChunkingConstants Chunking, DateTimeOffset CreatedAt)
{
    /// <summary>The blob name.</summary>
    public const string Name = "config";

    /// <summary>The format that this program writes, and the latest that it reads.</summary>
    public const ushort FormatVersion = 1;

    /// <summary>Mandatory features that this program knows: none so far.</summary>
    public const ulong KnownMandatory = 0;

    /// <summary>Bytes of the object.</summary>
    public const int Size = FieldsSize + (2 * HashSize);

    private const int FieldsSize = 80;
    private const int HashSize = SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> Magic => "HBDRREPO"u8;

    /// <summary>The config of a new repository.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public static RepositoryConfig Create(KeyRing ring, ChunkingConstants chunking, DateTimeOffset createdAt) => chunking.IsAllowed
        ? new(ring.TenantId, ring.RepositoryId, 0, 0, chunking, Fields.Stored(createdAt))
        : throw new EngineException(Fault.InvalidArgument, Name, $"{chunking} is outside of the limits");

    /// <summary>The object's bytes.</summary>
    public byte[] Seal(KeyRing ring)
    {
        if (!IsOf(ring)) throw Foreign(ring);
        var bytes = new byte[Size];
        var writer = new FieldWriter(bytes);
        writer.Bytes(Magic);
        writer.U16(FormatVersion);
        writer.Zeros(6);
        writer.U64(Mandatory);
        writer.U64(Optional);
        writer.Id(TenantId);
        writer.Id(RepositoryId);
        writer.Time(CreatedAt);
        writer.U16(Chunking.MinimumBlocks);
        writer.U16(Chunking.MaximumBlocks);
        writer.U8(Chunking.AverageMaskBits);
        writer.U8(Chunking.CutSaltVersion);
        writer.Zeros(2);
        SHA256.HashData(writer.Written, writer.Take(HashSize));
        HMACSHA256.HashData(ring.ConfigKey, writer.Written, writer.Take(HashSize));
        return bytes;
    }

    /// <summary>Reads the object without a key.</summary>
    /// <exception cref="EngineException"><see cref="Fault.NoRepository"/>: something else is there. <see cref="Fault.NewerFormat"/>: a later
    /// format or an unknown mandatory feature, which the message names. <see cref="Fault.Corrupt"/>.</exception>
    public static RepositoryConfig Parse(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic)) throw new EngineException(Fault.NoRepository, Name, "is not the config of a repository");
        var reader = new FieldReader(bytes, Name);
        reader.Begin(Magic, FormatVersion);
        if (bytes.Length != Size) throw reader.Corrupt($"has {bytes.Length} bytes, not {Size}");
        // A checksum that needs no key: else a changed repository id would make all key slots look foreign.
        if (!SHA256.HashData(bytes[..FieldsSize]).AsSpan().SequenceEqual(bytes.Slice(FieldsSize, HashSize))) throw reader.Corrupt("does not fit its checksum");

        reader.Zeros(6);
        var mandatory = reader.U64();
        RefuseUnknown(mandatory);
        var optional = reader.U64();
        var (tenant, repository, createdAt) = (reader.Id(), reader.Id(), reader.Time());
        var (minimum, maximum) = (reader.U16(), reader.U16());
        var chunking = new ChunkingConstants(minimum, reader.U8(), maximum, reader.U8());
        reader.Zeros(2);
        if (tenant == Guid.Empty || repository == Guid.Empty) throw reader.Corrupt("has an empty id");
        if (!chunking.IsAllowed) throw reader.Corrupt($"{chunking} is outside of the limits");
        return new(tenant, repository, mandatory, optional, chunking, createdAt);
    }

    /// <summary>Reads the object and returns when a holder of the ring wrote it and it has not changed since.</summary>
    /// <exception cref="EngineException">Those of <see cref="Parse"/>; <see cref="Fault.ForeignRepository"/>: the ring is another repository's.
    /// <see cref="Fault.Corrupt"/>: changed.</exception>
    public static RepositoryConfig Verify(ReadOnlySpan<byte> bytes, KeyRing ring)
    {
        var config = Parse(bytes);
        if (!config.IsOf(ring)) throw config.Foreign(ring);
        Span<byte> tag = stackalloc byte[HashSize];
        HMACSHA256.HashData(ring.ConfigKey, bytes[..^HashSize], tag);
        return CryptographicOperations.FixedTimeEquals(tag, bytes[^HashSize..])
            ? config
            : throw new EngineException(Fault.Corrupt, Name, "was not written by a holder of this repository's key ring");
    }

    private static void RefuseUnknown(ulong mandatory)
    {
        var unknown = mandatory & ~KnownMandatory;
        if (unknown == 0) return;
        var bits = string.Join(", ", Enumerable.Range(0, 64).Where(bit => (unknown >> bit & 1) != 0));
        throw new EngineException(Fault.NewerFormat, Name, $"needs the mandatory feature {bits}, which this program does not know");
    }

    private bool IsOf(KeyRing ring) => ring.RepositoryId == RepositoryId && ring.TenantId == TenantId;

    private EngineException Foreign(KeyRing ring) =>
        new(Fault.ForeignRepository, Name, $"is of the repository {RepositoryId}, the key ring of {ring.RepositoryId}");
}
