using System.Buffers;

namespace HyperBdr.Engine.Index;

/// <summary>Numbers below 2^32 in groups of seven bits, low group first, the high bit set on all bytes but the last (LEB128).</summary>
internal static class Varint
{
    private const int MaxBytes = 5;

    public static void Write(IBufferWriter<byte> into, uint value)
    {
        var span = into.GetSpan(MaxBytes);
        var length = 0;
        for (; value > 0x7F; value >>= 7) span[length++] = (byte)(value | 0x80);
        span[length++] = (byte)value;
        into.Advance(length);
    }

    /// <returns>False for a number that is cut, over 32 bits, or longer than it needs to be: one number has one form.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> rest, out uint value)
    {
        var read = 0UL;
        for (var i = 0; i < MaxBytes && i < rest.Length; i++)
        {
            read |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] > 0x7F) continue;
            value = (uint)read;
            var good = read <= uint.MaxValue && (rest[i] != 0 || i == 0);
            rest = rest[(i + 1)..];
            return good;
        }

        value = 0;
        return false;
    }
}
