using System.Buffers.Binary;
using System.Numerics;

namespace HyperBdr.S3Block.Storage;

/// <summary>CRC-32C (Castagnoli) by the processor's own instruction.</summary>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>Goes on with an unfinished sum (which begins as all ones and is inverted at the end).</summary>
    public static uint Append(uint sum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 32; bytes = bytes[32..])
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        }

        foreach (var b in bytes) sum = BitOperations.Crc32C(sum, b);
        return sum;
    }
}
