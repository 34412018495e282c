using System.Buffers.Binary;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Demo.Ledger;

/// <summary>Layout of a journal: a head (magic, bytes of the disk), then per entry 40 bytes of numbers and what was written. Little-endian.</summary>
internal static class Journal
{
    public const int HeadBytes = 16;
    public const int EntryBytes = 40;

    /// <summary>More than any request of the block protocol carries.</summary>
    private const int MaxData = 64 << 20;

    private static ReadOnlySpan<byte> Magic => "HBLEDGR1"u8;

    public static byte[] Head(long length)
    {
        var head = new byte[HeadBytes];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(8), length);
        return head;
    }

    public static long ReadHead(ReadOnlySpan<byte> head) =>
        head[..8].SequenceEqual(Magic) ? BinaryPrimitives.ReadInt64LittleEndian(head[8..]) : throw new InvalidDataException("This is no journal.");

    public static void Write(Span<byte> into, in LedgerEntry entry)
    {
        into[..EntryBytes].Clear();
        BinaryPrimitives.WriteInt64LittleEndian(into, entry.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], entry.At.UtcTicks);
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], entry.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(into[24..], entry.Length);
        into[32] = (byte)entry.Kind;
    }

    public static LedgerEntry Read(ReadOnlySpan<byte> from, long expected, long diskLength, long dataAt)
    {
        var entry = new LedgerEntry(
            BinaryPrimitives.ReadInt64LittleEndian(from),
            new(BinaryPrimitives.ReadInt64LittleEndian(from[8..]), TimeSpan.Zero),
            (LedgerKind)from[32],
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            dataAt);
        var valid = entry.Sequence == expected && entry.Kind is >= LedgerKind.Write and <= LedgerKind.Flush
            && entry.Offset >= 0 && entry.Length >= 0 && entry.Offset <= diskLength - entry.Length
            && entry.Offset % Block.Size == 0 && entry.Length % Block.Size == 0
            && (entry.Kind != LedgerKind.Write || entry.Length <= MaxData);
        return valid ? entry : throw new InvalidDataException($"Entry {expected} of the journal is damaged.");
    }
}
