using System.Buffers.Binary;
using System.Text.Json;

namespace HyperBdr.S3Block.Storage;

/// <summary>The file of an entry: bytes, their block sums, the entry as JSON, a footer of fixed size. See <c>docs/formats/s3block.md</c>.</summary>
internal static class EntryFormat
{
    /// <summary>Bytes under one sum: small enough to be read and verified whole for any range.</summary>
    public const int BlockBytes = 256 << 10;

    public const int FooterBytes = 32;

    private const ulong Magic = 0x314A_424F_3353_4248; // "HBS3OBJ1"
    private const int MaxEntryBytes = 8 << 20;

    public static int BlocksOf(long length) => checked((int)((length + BlockBytes - 1) / BlockBytes));

    /// <summary>Everything that follows the bytes.</summary>
    public static byte[] Tail(Entry entry, long length, ReadOnlySpan<uint> sums)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(entry, StorageJson.Default.Entry);
        var tail = new byte[(sums.Length * sizeof(uint)) + json.Length + FooterBytes];
        for (var i = 0; i < sums.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(tail.AsSpan(i * sizeof(uint)), sums[i]);
        json.CopyTo(tail.AsSpan(sums.Length * sizeof(uint)));
        var footer = tail.AsSpan(tail.Length - FooterBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(footer, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(footer[8..], length);
        BinaryPrimitives.WriteInt32LittleEndian(footer[16..], sums.Length);
        BinaryPrimitives.WriteInt32LittleEndian(footer[20..], json.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(footer[24..], Crc32C.Of(tail.AsSpan(0, tail.Length - 8)));
        return tail;
    }

    /// <summary>Bytes of the tail, from its footer.</summary>
    /// <exception cref="RotException"/>
    public static long TailLength(ReadOnlySpan<byte> footer, long fileLength, string path)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(footer) != Magic) throw new RotException(path, "no footer");
        var length = BinaryPrimitives.ReadInt64LittleEndian(footer[8..]);
        var sums = BinaryPrimitives.ReadInt32LittleEndian(footer[16..]);
        var json = BinaryPrimitives.ReadInt32LittleEndian(footer[20..]);
        if (length < 0 || length > fileLength || json is < 2 or > MaxEntryBytes || sums != BlocksOf(length)) throw new RotException(path, "its footer contradicts itself");
        var tail = ((long)sums * sizeof(uint)) + json + FooterBytes;
        return length + tail == fileLength ? tail : throw new RotException(path, "its footer contradicts its length");
    }

    /// <exception cref="RotException"/>
    public static (Entry Entry, uint[] Sums, long Length) Parse(ReadOnlySpan<byte> tail, string path)
    {
        var footer = tail[^FooterBytes..];
        if (BinaryPrimitives.ReadUInt32LittleEndian(footer[24..]) != Crc32C.Of(tail[..^8])) throw new RotException(path, "its tail is damaged");
        var sums = new uint[BinaryPrimitives.ReadInt32LittleEndian(footer[16..])];
        for (var i = 0; i < sums.Length; i++) sums[i] = BinaryPrimitives.ReadUInt32LittleEndian(tail[(i * sizeof(uint))..]);
        var json = tail[(sums.Length * sizeof(uint))..^FooterBytes];
        try
        {
            var entry = JsonSerializer.Deserialize(json, StorageJson.Default.Entry) ?? throw new RotException(path, "its entry is empty");
            return (entry, sums, BinaryPrimitives.ReadInt64LittleEndian(footer[8..]));
        }
        catch (JsonException e)
        {
            throw new RotException(path, $"its entry cannot be read: {e.Message}");
        }
    }
}

/// <summary>Stored bytes are not what was stored. They are never answered.</summary>
internal sealed class RotException(string path, string what) : IOException($"{path}: {what}");
