using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HyperBdr.Engine.Codec;

/// <summary>32 bytes as a value; compared and ordered as big-endian bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Hash256 : IComparable<Hash256>
{
    /// <summary>Bytes of a value.</summary>
    public const int Size = 32;

    private readonly ulong a, b, c, d;

    /// <summary>From exactly 32 bytes.</summary>
    public Hash256(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size) throw new ArgumentException($"need {Size} bytes, got {bytes.Length}", nameof(bytes));
        a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>The first eight bytes as a big-endian number: uniformly distributed for a hash.</summary>
    public ulong Prefix => a;

    /// <summary>True for 32 zero bytes, which stand for "none".</summary>
    public bool IsNone => (a | b | c | d) == 0;

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt64BigEndian(into, a);
        BinaryPrimitives.WriteUInt64BigEndian(into[8..], b);
        BinaryPrimitives.WriteUInt64BigEndian(into[16..], c);
        BinaryPrimitives.WriteUInt64BigEndian(into[24..], d);
    }

    /// <summary>The 32 bytes in a new array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(Hash256 other)
    {
        var order = a.CompareTo(other.a);
        if (order != 0) return order;
        order = b.CompareTo(other.b);
        if (order != 0) return order;
        order = c.CompareTo(other.c);
        return order != 0 ? order : d.CompareTo(other.d);
    }

    /// <inheritdoc/>
    public override int GetHashCode() => (int)(a ^ (a >> 32));

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
