using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace HyperBdr.S3Testing;

/// <summary>An object's facts; its bytes are in memory or in a file.</summary>
/// <param name="ETag">With its quotes; not an MD5, as with encrypted objects of S3.</param>
/// <param name="Checksum">Header name and value, when the client sent one.</param>
internal sealed record StoredObject(string ETag, long Length, DateTimeOffset ModifiedAt, (string Header, string Value)? Checksum, byte[]? Memory, string? File)
{
    public async Task<byte[]> ReadAsync(long from, int count)
    {
        if (Memory is not null) return Memory.AsSpan((int)from, count).ToArray();
        using var handle = System.IO.File.OpenHandle(File!, options: FileOptions.Asynchronous);
        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            var read = await RandomAccess.ReadAsync(handle, bytes.AsMemory(done), from + done);
            if (read == 0) throw new EndOfStreamException(File);
            done += read;
        }

        return bytes;
    }
}

/// <summary>The checksums that requests carry.</summary>
internal static class Checksums
{
    public const string Prefix = "x-amz-checksum-";

    public static string? Of(string header, ReadOnlySpan<byte> content) => header switch
    {
        "x-amz-checksum-sha256" => Convert.ToBase64String(SHA256.HashData(content)),
        "x-amz-checksum-crc32c" => Crc32C(content),
        _ => null,
    };

    public static string ETagOf(ReadOnlySpan<byte> content) => $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16))}\"";

    private static string Crc32C(ReadOnlySpan<byte> content)
    {
        var crc = uint.MaxValue;
        for (; content.Length >= 8; content = content[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(content));
        foreach (var b in content) crc = BitOperations.Crc32C(crc, b);
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(value, ~crc);
        return Convert.ToBase64String(value);
    }
}
