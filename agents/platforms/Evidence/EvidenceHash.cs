using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.Platforms.Evidence;

/// <summary>One fact, with its place in the chain (docs/formats/evidence.md).</summary>
/// <param name="Detail">JSON as it was written; hashed as it is, never formatted anew.</param>
/// <param name="Previous">Hash of the entry before, 64 hexadecimal digits; zeros for the first.</param>
public sealed record EvidenceEntry(long Sequence, DateTimeOffset At, string Kind, string Detail, string Previous, string Hash);

/// <summary>The end of a document: nothing comes after it.</summary>
/// <param name="Hash">Hash of the last entry.</param>
/// <param name="KeyId">The first 8 bytes, in hexadecimal digits, of the SHA-256 of the public key (SubjectPublicKeyInfo, DER).</param>
/// <param name="Signature">ECDSA P-256 over SHA-256, IEEE P1363, base64.</param>
public sealed record EvidenceSeal(Guid Document, long Entries, string Hash, string KeyId, string Signature);

/// <summary>The bytes that are hashed and signed. Numbers are big-endian.</summary>
internal static class EvidenceHash
{
    public const string Zeros = "0000000000000000000000000000000000000000000000000000000000000000";

    public static string Of(Guid document, long sequence, DateTimeOffset at, string kind, string detail, string previous)
    {
        using var bytes = new MemoryStream();
        bytes.Write("HBEV\u0001"u8);
        Number(bytes, document);
        bytes.Write(Convert.FromHexString(previous));
        Number(bytes, sequence);
        Number(bytes, Micros(at));
        Text(bytes, kind);
        Text(bytes, detail);
        return Convert.ToHexStringLower(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
    }

    public static byte[] ToSign(Guid document, long entries, string hash)
    {
        using var bytes = new MemoryStream();
        bytes.Write("HBES\u0001"u8);
        Number(bytes, document);
        Number(bytes, entries);
        bytes.Write(Convert.FromHexString(hash));
        return bytes.ToArray();
    }

    public static string KeyId(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 8));

    /// <summary>A document keeps whole microseconds, so that a time that is read again hashes as it was written.</summary>
    public static DateTimeOffset WholeMicros(DateTimeOffset at) => new(at.UtcTicks / 10 * 10, TimeSpan.Zero);

    private static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / 10;

    private static void Number(MemoryStream bytes, Guid id) => bytes.Write(id.ToByteArray(bigEndian: true));

    private static void Number(MemoryStream bytes, long value)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, value);
        bytes.Write(number);
    }

    private static void Text(MemoryStream bytes, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, utf8.Length);
        bytes.Write(length);
        bytes.Write(utf8);
    }
}
