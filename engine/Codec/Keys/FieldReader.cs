using System.Buffers.Binary;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>Reads fields from outside bytes, little-endian, front to end; what does not fit is <see cref="Fault.Corrupt"/>.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes, string subject)
{
    private readonly ReadOnlySpan<byte> all = bytes;
    private readonly string subject = subject;

    public int Position { get; private set; }

    public readonly int Remaining => all.Length - Position;

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > Remaining) throw Corrupt($"needs {count} bytes at {Position}, has {Remaining}");
        var field = all.Slice(Position, count);
        Position += count;
        return field;
    }

    public byte U8() => Bytes(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));

    public Guid Id() => new(Bytes(16), bigEndian: true);

    public DateTimeOffset Time()
    {
        var microseconds = BinaryPrimitives.ReadInt64LittleEndian(Bytes(8));
        return microseconds is >= 0 and <= Fields.LastMicrosecond
            ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
            : throw Corrupt($"time {microseconds} is out of range");
    }

    /// <summary>Bytes kept for later formats; a value there would be lost, so it is refused.</summary>
    public void Zeros(int count)
    {
        if (Bytes(count).ContainsAnyExcept((byte)0)) throw Corrupt($"reserved bytes before {Position} are not zero");
    }

    /// <summary>Magic and version: other magic is <see cref="Fault.Corrupt"/>, a later version <see cref="Fault.NewerFormat"/>.</summary>
    public void Begin(ReadOnlySpan<byte> magic, ushort version)
    {
        if (!Bytes(magic.Length).SequenceEqual(magic)) throw Corrupt("does not begin with its magic");
        var found = U16();
        if (found > version) throw new EngineException(Fault.NewerFormat, subject, $"has format {found}; this program reads up to {version}");
        if (found != version) throw Corrupt($"has format {found}, which never was");
    }

    public readonly void End()
    {
        if (Remaining != 0) throw Corrupt($"has {Remaining} bytes too many");
    }

    public readonly EngineException Corrupt(string message) => new(Fault.Corrupt, subject, message);
}
