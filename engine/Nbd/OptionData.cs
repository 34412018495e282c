using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace HyperBdr.Engine.Nbd;

/// <summary>Takes apart the data of a negotiation option or of a reply to one; every length is checked against what is there.</summary>
internal ref struct OptionData(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> rest = data;

    /// <summary>True when nothing is left over.</summary>
    public readonly bool IsEnd => rest.IsEmpty;

    public bool TryUInt16(out ushort value)
    {
        value = 0;
        if (rest.Length < 2) return false;
        value = BinaryPrimitives.ReadUInt16BigEndian(rest);
        rest = rest[2..];
        return true;
    }

    public bool TryUInt32(out uint value)
    {
        value = 0;
        if (rest.Length < 4) return false;
        value = BinaryPrimitives.ReadUInt32BigEndian(rest);
        rest = rest[4..];
        return true;
    }

    public bool TryUInt64(out ulong value)
    {
        value = 0;
        if (rest.Length < 8) return false;
        value = BinaryPrimitives.ReadUInt64BigEndian(rest);
        rest = rest[8..];
        return true;
    }

    /// <summary>A string behind its 32-bit length.</summary>
    public bool TryString(out string text)
    {
        text = "";
        return TryUInt32(out var length) && length <= rest.Length && TryText((int)length, out text);
    }

    /// <summary>Everything that is left, as a string.</summary>
    public bool TryRest(out string text) => TryText(rest.Length, out text);

    private bool TryText(int length, out string text)
    {
        text = "";
        var bytes = rest[..length];
        if (length > NbdProtocol.MaxNameBytes || bytes.Contains((byte)0) || !Utf8.IsValid(bytes)) return false;
        text = Encoding.UTF8.GetString(bytes);
        rest = rest[length..];
        return true;
    }
}
