using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Index;

/// <summary>The bytes of a local segment file: header page, entry pages, tables. A cache: it may change with any version.</summary>
internal static class SegmentFormat
{
    public const int PageBytes = 4096;
    public const int PageEntries = 85;
    public const int NameBytes = 200;
    public const ushort Version = 1;

    private const int ChecksumAt = PageBytes - 8;
    private const int PackRow = Hash256.Size + 1 + 4 + 4 + 8;
    private const uint Magic = 0x53494248; // "HBIS"

    /// <summary>The counts that a header states. The salt makes a page of another file, or of another place, fail its checksum.</summary>
    public readonly record struct Header(Guid Repository, ulong Salt, long Entries, int Packs, int Objects, long TableBytes, ulong TableHash)
    {
        public int Pages => checked((int)((Entries + PageEntries - 1) / PageEntries));

        public long TablesAt => PageBytes * (Pages + 1L);

        public long FileBytes => TablesAt + TableBytes;
    }

    /// <summary>Puts the checksum at the end of a page.</summary>
    public static void SealPage(Span<byte> page, ulong salt, long number) =>
        BinaryPrimitives.WriteUInt64LittleEndian(page[ChecksumAt..], PageHash(page, salt, number));

    public static bool IsSealed(ReadOnlySpan<byte> page, ulong salt, long number) =>
        BinaryPrimitives.ReadUInt64LittleEndian(page[ChecksumAt..]) == PageHash(page, salt, number);

    public static void WriteHeader(Span<byte> page, in Header header)
    {
        page.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(page, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(page[4..], Version);
        header.Repository.TryWriteBytes(page[8..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64LittleEndian(page[24..], header.Salt);
        BinaryPrimitives.WriteInt64LittleEndian(page[32..], header.Entries);
        BinaryPrimitives.WriteInt32LittleEndian(page[40..], header.Packs);
        BinaryPrimitives.WriteInt32LittleEndian(page[44..], header.Objects);
        BinaryPrimitives.WriteInt64LittleEndian(page[48..], header.TableBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(page[56..], header.TableHash);
        SealPage(page, header.Salt, -1);
    }

    /// <returns>Null for anything that is not the whole header of a file of this length.</returns>
    public static Header? ReadHeader(ReadOnlySpan<byte> page, long fileBytes)
    {
        var salt = BinaryPrimitives.ReadUInt64LittleEndian(page[24..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(page) != Magic || BinaryPrimitives.ReadUInt16LittleEndian(page[4..]) != Version) return null;
        if (!IsSealed(page, salt, -1)) return null;
        var header = new Header(
            new Guid(page.Slice(8, 16), bigEndian: true),
            salt,
            BinaryPrimitives.ReadInt64LittleEndian(page[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[40..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[44..]),
            BinaryPrimitives.ReadInt64LittleEndian(page[48..]),
            BinaryPrimitives.ReadUInt64LittleEndian(page[56..]));
        var sane = header.Entries >= 0 && header.Entries <= fileBytes / SegmentEntry.Size && header.Packs >= 0 && header.Objects >= 0
            && header.TableBytes is >= 0 and <= int.MaxValue && header.FileBytes == fileBytes;
        return sane ? header : null;
    }

    public static byte[] WriteTables(List<ulong> fences, PackInfo[] packs, IReadOnlyList<string> objects)
    {
        var bytes = new byte[checked((8 * fences.Count) + (PackRow * packs.Length) + objects.Sum(name => 1 + Encoding.UTF8.GetByteCount(name)))];
        var rest = bytes.AsSpan();
        foreach (var fence in fences)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, fence);
            rest = rest[8..];
        }

        foreach (ref readonly var pack in packs.AsSpan())
        {
            pack.Id.Value.CopyTo(rest);
            rest[32] = (byte)pack.Kind;
            BinaryPrimitives.WriteUInt32LittleEndian(rest[33..], pack.Length);
            BinaryPrimitives.WriteInt32LittleEndian(rest[37..], pack.BlobCount);
            BinaryPrimitives.WriteInt64LittleEndian(rest[41..], pack.SealedBytes);
            rest = rest[PackRow..];
        }

        foreach (var name in objects)
        {
            rest[0] = (byte)Encoding.UTF8.GetBytes(name, rest[1..]);
            rest = rest[(1 + rest[0])..];
        }

        return bytes;
    }

    /// <returns>False when the tables are not those that the header counts.</returns>
    public static bool TryReadTables(ReadOnlySpan<byte> bytes, in Header header, out ulong[] fences, out PackInfo[] packs, out string[] objects)
    {
        (fences, packs, objects) = ([], [], []);
        if (XxHash3.HashToUInt64(bytes) != header.TableHash) return false;
        if ((8L * header.Pages) + ((long)PackRow * header.Packs) + header.Objects > bytes.Length) return false;
        (fences, packs, objects) = (new ulong[header.Pages], new PackInfo[header.Packs], new string[header.Objects]);
        foreach (ref var fence in fences.AsSpan())
        {
            fence = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            bytes = bytes[8..];
        }

        foreach (ref var pack in packs.AsSpan())
        {
            pack = ReadPack(bytes);
            bytes = bytes[PackRow..];
        }

        foreach (ref var name in objects.AsSpan())
        {
            if (bytes.IsEmpty || bytes.Length <= bytes[0]) return false;
            name = Encoding.UTF8.GetString(bytes.Slice(1, bytes[0]));
            bytes = bytes[(1 + bytes[0])..];
        }

        return bytes.IsEmpty;
    }

    private static PackInfo ReadPack(ReadOnlySpan<byte> row) => new(
        new PackId(new Hash256(row[..32])),
        (PackKind)row[32],
        BinaryPrimitives.ReadUInt32LittleEndian(row[33..]),
        BinaryPrimitives.ReadInt32LittleEndian(row[37..]),
        BinaryPrimitives.ReadInt64LittleEndian(row[41..]));

    private static ulong PageHash(ReadOnlySpan<byte> page, ulong salt, long number) =>
        XxHash3.HashToUInt64(page[..ChecksumAt], unchecked((long)salt + number));
}
