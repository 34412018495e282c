using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.Owl.Domain;

/// <summary>The bytes that an entry's hash covers. Documented byte by byte in docs/formats/audit-chain.md; change both or neither.</summary>
public static class ChainHash
{
    public const int Size = SHA256.HashSizeInBytes;
    private const uint Absent = uint.MaxValue;

    /// <summary>Previous hash of a tenant's first entry.</summary>
    public static byte[] Start => new byte[Size];

    public static byte[] Compute(AuditEntry entry)
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        bytes.Write("HBAE\u0001"u8);
        Put(bytes, entry.TenantId);
        Put(bytes, entry.Sequence);
        bytes.Write(entry.PreviousHash);
        Put(bytes, entry.Id);
        Put(bytes, Microseconds(entry.OccurredAt));
        Put(bytes, entry.Kind);
        Put(bytes, entry.Action);
        Put(bytes, entry.Outcome);
        Put(bytes, entry.ActorId?.ToString());
        Put(bytes, entry.ActorName);
        Put(bytes, entry.ResourceType);
        Put(bytes, entry.ResourceId?.ToString());
        Put(bytes, entry.ResourceName);
        Put(bytes, entry.SourceIp);
        Put(bytes, entry.Detail);
        return SHA256.HashData(bytes.WrittenSpan);
    }

    /// <summary>Microseconds since 1970-01-01T00:00:00Z.</summary>
    internal static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    internal static void Put(ArrayBufferWriter<byte> bytes, Guid id)
    {
        id.TryWriteBytes(bytes.GetSpan(16), bigEndian: true, out var written);
        bytes.Advance(written);
    }

    internal static void Put(ArrayBufferWriter<byte> bytes, long number)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes.GetSpan(sizeof(long)), number);
        bytes.Advance(sizeof(long));
    }

    /// <summary>Length before text, so that no two different entries share their bytes.</summary>
    private static void Put(ArrayBufferWriter<byte> bytes, string? text)
    {
        var length = text is null ? Absent : (uint)Encoding.UTF8.GetByteCount(text);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.GetSpan(sizeof(uint)), length);
        bytes.Advance(sizeof(uint));
        if (text is not null) Encoding.UTF8.GetBytes(text, bytes);
    }
}
