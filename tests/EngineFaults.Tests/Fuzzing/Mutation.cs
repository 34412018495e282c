using System.Buffers.Binary;

namespace HyperBdr.EngineFaults.Tests.Fuzzing;

/// <summary>What fuzzers do to bytes.</summary>
internal static class Mutation
{
    private static readonly ulong[] Odd = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, ulong.MaxValue];

    public static byte[] Of(byte[] seed, Random random)
    {
        var bytes = seed.ToArray();
        for (var steps = random.Next(1, 5); steps > 0; steps--) bytes = Step(bytes, random);
        return bytes;
    }

    private static byte[] Step(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length + 1);
        switch (random.Next(7))
        {
            case 0:
                return bytes[..at];
            case 1:
                var more = new byte[random.Next(1, 40)];
                random.NextBytes(more);
                return [.. bytes[..at], .. more, .. bytes[at..]];
            case 2:
                var end = Math.Min(bytes.Length, at + random.Next(1, 40));
                return [.. bytes[..at], .. bytes[end..]];
            case 3 when bytes.Length >= 8:
                Number(bytes.AsSpan(Math.Min(at, bytes.Length - 8)), Odd[random.Next(Odd.Length)], random.Next(6));
                return bytes;
            case 4 when bytes.Length > 0:
                bytes[Math.Min(at, bytes.Length - 1)] = (byte)random.Next(256);
                return bytes;
            default:
                if (bytes.Length > 0) bytes[Math.Min(at, bytes.Length - 1)] ^= (byte)(1 << random.Next(8));
                return bytes;
        }
    }

    private static void Number(Span<byte> into, ulong value, int form)
    {
        switch (form)
        {
            case 0: BinaryPrimitives.WriteUInt16LittleEndian(into, (ushort)value); break;
            case 1: BinaryPrimitives.WriteUInt32LittleEndian(into, (uint)value); break;
            case 2: BinaryPrimitives.WriteUInt64LittleEndian(into, value); break;
            case 3: BinaryPrimitives.WriteUInt16BigEndian(into, (ushort)value); break;
            case 4: BinaryPrimitives.WriteUInt32BigEndian(into, (uint)value); break;
            default: BinaryPrimitives.WriteUInt64BigEndian(into, value); break;
        }
    }
}
