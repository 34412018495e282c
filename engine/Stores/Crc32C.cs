using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace HyperBdr.Engine.Stores;

/// <summary>CRC-32C (Castagnoli, RFC 3720 B.4) as S3 writes it: base64 of four big-endian bytes. With the processor's own instruction.</summary>
internal static class Crc32C
{
    public const int Size = 4;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words) crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var b in bytes[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    public static string Text(uint crc)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, crc);
        return Convert.ToBase64String(bytes);
    }

    /// <summary>The checksum of the parts' checksums that S3 states for an object made of parts: <c>base64-N</c>.</summary>
    public static string Composite(IReadOnlyList<uint> parts)
    {
        var bytes = new byte[parts.Count * Size];
        for (var i = 0; i < parts.Count; i++) BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * Size), parts[i]);
        return $"{Text(Of(bytes))}-{parts.Count}";
    }
}
