using System.Buffers.Binary;
using System.IO.Hashing;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>GUID partition table, UEFI 2.10 chapter 5. Believed only when both copies are valid and equal.</summary>
internal static class Gpt
{
    private const int MaxEntries = 1024;

    private static readonly Guid[] Containers =
    [
        new("e6d6d379-f507-44c2-a23c-238f2a3df928"), // LVM
        new("a19d880f-05fc-4d3b-a006-743f0f84911e"), // md
        new("ca7d7ccb-63ed-4c53-861c-1742536059cc"), // LUKS
        new("6a898cc3-1dd2-11b2-99a6-080020736631"), // ZFS
        new("4fbd7e29-9d25-41b8-afd0-062c0ceff05d"), // Ceph OSD
    ];

    private static readonly Guid Swap = new("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f");

    public static async Task<List<Partition>> ReadAsync(VolumeReader disk, int sector, byte[] first, CancellationToken ct)
    {
        // A hybrid table says of the same disk two things; only the plain protective record is taken.
        DoubtException.When(!PartitionTable.HasMark(first), "the protective boot record is missing");
        DoubtException.When(PartitionTable.Types(first) is not ([0xEE, 0, 0, 0] or [0, 0xEE, 0, 0]), "the boot record is not a plain protective one");

        var primary = await ReadHeaderAsync(disk, sector, 1, ct);
        var backup = await ReadHeaderAsync(disk, sector, primary.Alternate, ct);
        DoubtException.When(backup.Alternate != 1 || !primary.Describes(backup), "the two copies of the GPT differ");
        var entries = await ReadEntriesAsync(disk, sector, primary, ct);
        await ReadEntriesAsync(disk, sector, backup, ct);
        return Parse(entries, sector, primary);
    }

    private static async Task<Header> ReadHeaderAsync(VolumeReader disk, int sector, long block, CancellationToken ct)
    {
        DoubtException.When(block < 1 || block >= disk.Volume.Length / sector, "a copy of the GPT lies behind the disk's end");
        var bytes = (await disk.ReadAsync(block * sector, sector, ct)).ToArray();
        DoubtException.When(!bytes.AsSpan().StartsWith("EFI PART"u8), "a copy of the GPT is missing");
        var size = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12));
        DoubtException.When(size < 92 || size > sector, "a copy of the GPT is damaged");
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(16));
        bytes.AsSpan(16, 4).Clear();
        DoubtException.When(Crc32.HashToUInt32(bytes.AsSpan(0, (int)size)) != crc, "a copy of the GPT is damaged");
        var header = Header.Parse(bytes);
        DoubtException.When(header.Block != block, "a copy of the GPT is not where it says to be");
        DoubtException.When(header.Count is < 1 or > MaxEntries || header.EntrySize is not (128 or 256 or 512 or 1024), "the GPT has an unusual size");
        return header;
    }

    private static async Task<byte[]> ReadEntriesAsync(VolumeReader disk, int sector, Header header, CancellationToken ct)
    {
        DoubtException.When(header.Entries < 2 || header.Entries >= disk.Volume.Length / sector, "the GPT's entries lie outside of the disk");
        var entries = (await disk.ReadAsync(header.Entries * sector, checked((int)(header.Count * header.EntrySize)), ct)).ToArray();
        DoubtException.When(Crc32.HashToUInt32(entries) != header.EntriesCrc, "the GPT's entries are damaged");
        return entries;
    }

    private static List<Partition> Parse(byte[] entries, int sector, Header header)
    {
        var found = new List<Partition>();
        for (var i = 0; i < header.Count; i++)
        {
            var entry = entries.AsSpan((int)(i * header.EntrySize), 128);
            var type = new Guid(entry[..16]);
            if (type == Guid.Empty) continue;
            ulong start = BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]), end = BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]);
            DoubtException.When(start < header.FirstUsable || end < start || end > header.LastUsable, "a partition lies outside of the disk's usable part");
            found.Add(new Partition(new ByteRange((long)start * sector, (long)(end - start + 1) * sector), Containers.Contains(type), type == Swap));
        }

        return found;
    }

    private sealed record Header(long Block, long Alternate, ulong FirstUsable, ulong LastUsable, Guid Disk, long Entries, uint Count, uint EntrySize, uint EntriesCrc)
    {
        public static Header Parse(ReadOnlySpan<byte> bytes)
        {
            var header = new Header(
                BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[48..]),
                new Guid(bytes.Slice(56, 16)),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[72..]),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[80..]),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[84..]),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[88..]));
            // Far below overflow when multiplied by the sector.
            DoubtException.When(header.LastUsable > 1UL << 48 || header.FirstUsable > header.LastUsable, "the GPT's bounds are damaged");
            return header;
        }

        public bool Describes(Header other) => this with { Block = 0, Alternate = 0, Entries = 0 } == other with { Block = 0, Alternate = 0, Entries = 0 };
    }
}
