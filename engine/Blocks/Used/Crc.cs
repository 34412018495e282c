using System.Buffers.Binary;
using System.Numerics;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>The checksums that file systems keep of their metadata.</summary>
internal static class Crc
{
    /// <summary>CRC-32C (Castagnoli) continued from <paramref name="seed"/>, without a final inversion.</summary>
    public static uint Crc32C(uint seed, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..]) seed = BitOperations.Crc32C(seed, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var value in bytes) seed = BitOperations.Crc32C(seed, value);
        return seed;
    }

    /// <summary>CRC-16 (polynomial 0x8005, reflected) continued from <paramref name="seed"/>.</summary>
    public static ushort Crc16(ushort seed, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            seed ^= value;
            for (var bit = 0; bit < 8; bit++) seed = (ushort)((seed >> 1) ^ ((seed & 1) * 0xA001));
        }

        return seed;
    }

    /// <summary>XFS: CRC-32C over the structure with its own field taken as zero, inverted, stored little-endian.</summary>
    public static bool IsXfs(ReadOnlySpan<byte> bytes, int field)
    {
        var crc = Crc32C(Crc32C(uint.MaxValue, bytes[..field]), [0, 0, 0, 0]);
        return ~Crc32C(crc, bytes[(field + 4)..]) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[field..]);
    }
}
