using System.Buffers.Binary;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>Writes fields little-endian, front to end, into memory of the right size.</summary>
internal ref struct FieldWriter(Span<byte> into)
{
    private readonly Span<byte> all = into;

    public int Position { get; private set; }

    public readonly ReadOnlySpan<byte> Written => all[..Position];

    /// <summary>The next <paramref name="count"/> bytes, for the caller to fill.</summary>
    public Span<byte> Take(int count)
    {
        var field = all.Slice(Position, count);
        Position += count;
        return field;
    }

    public void Bytes(scoped ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void U8(byte value) => Take(1)[0] = value;

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    public void U32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>16 bytes in the order of the id's text form.</summary>
    public void Id(Guid value) => value.TryWriteBytes(Take(16), bigEndian: true, out _);

    public void Time(DateTimeOffset value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), Fields.Microseconds(value));

    public void Zeros(int count) => Take(count).Clear();
}

/// <summary>What the fields of all key formats share.</summary>
internal static class Fields
{
    /// <summary>The end of the year 9999, which is as far as the runtime's dates go.</summary>
    public const long LastMicrosecond = 253_402_300_799_999_999;

    public static long Microseconds(DateTimeOffset value) => (value - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time as it will be read back: in UTC, cut to microseconds.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: before 1970.</exception>
    public static DateTimeOffset Stored(DateTimeOffset value) => value >= DateTimeOffset.UnixEpoch
        ? DateTimeOffset.UnixEpoch.AddTicks(Microseconds(value) * TimeSpan.TicksPerMicrosecond)
        : throw new EngineException(Fault.InvalidArgument, "time", "a time before 1970 cannot be stored");
}
