using System.Buffers.Binary;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>A part of the disk that a table names.</summary>
/// <param name="IsContainer">Its type says RAID, LVM, encryption: whatever looks like a file system in it is none.</param>
/// <param name="IsSwap">Its type says swap, or there is no table that could say so.</param>
internal readonly record struct Partition(ByteRange Range, bool IsContainer, bool IsSwap);

/// <summary>Partitions by GPT or MBR; a disk without a table is one volume.</summary>
internal static class PartitionTable
{
    private const int MaxLogical = 128;
    private const int Sector = 512;

    public static async Task<IReadOnlyList<Partition>> ReadAsync(VolumeReader disk, CancellationToken ct)
    {
        var length = disk.Volume.Length;
        var first = (await disk.ReadAsync(0, 2 * Block.Size, ct)).ToArray();
        foreach (var sector in (int[])[512, 4096])
        {
            if (first.AsSpan(sector).StartsWith("EFI PART"u8)) return Checked(await Gpt.ReadAsync(disk, sector, first, ct), length);
        }

        if (!HasMark(first)) return [new Partition(new ByteRange(0, length), IsContainer: false, IsSwap: true)];
        return Checked(await MbrAsync(disk, first, ct), length);
    }

    /// <summary>The types of the four entries of a master boot record.</summary>
    public static byte[] Types(ReadOnlySpan<byte> sector) => [sector[450], sector[466], sector[482], sector[498]];

    public static bool HasMark(ReadOnlySpan<byte> sector) => sector[510] == 0x55 && sector[511] == 0xAA;

    private static async Task<List<Partition>> MbrAsync(VolumeReader disk, byte[] first, CancellationToken ct)
    {
        var found = new List<Partition>();
        Entry? extended = null;
        for (var i = 0; i < 4; i++)
        {
            var entry = Entry.Parse(first, i);
            if (entry.Type == 0) continue;
            DoubtException.When(entry.Type == 0xEE, "the master boot record announces a GPT that is not there");
            DoubtException.When(entry.IsExtended && extended is not null, "there are two extended partitions");
            if (entry.IsExtended) extended = entry;
            else found.Add(entry.ToPartition(0));
        }

        DoubtException.When(found.Count == 0 && extended is null, "the boot record names no partition");
        if (extended is { } chain) await AddLogicalAsync(disk, chain, found, ct);
        return found;
    }

    /// <summary>A chain of boot records: entry 0 is a logical partition relative to its record, entry 1 the next record relative to the first.</summary>
    private static async Task AddLogicalAsync(VolumeReader disk, Entry extended, List<Partition> found, CancellationToken ct)
    {
        long at = extended.Start;
        for (var count = 0; ; count++)
        {
            DoubtException.When(count == MaxLogical, "there are too many logical partitions");
            var record = (await disk.ReadAsync(at * Sector, Sector, ct)).ToArray();
            DoubtException.When(!HasMark(record), "a record of the extended partition is damaged");
            Entry logical = Entry.Parse(record, 0), next = Entry.Parse(record, 1);
            DoubtException.When(logical.IsExtended || Entry.Parse(record, 2).Type != 0 || Entry.Parse(record, 3).Type != 0, "a record of the extended partition is unusual");
            if (logical.Type != 0)
            {
                DoubtException.When(at + logical.Start + logical.Count > (long)extended.Start + extended.Count, "a logical partition lies outside of the extended one");
                found.Add(logical.ToPartition(at));
            }

            if (next.Type == 0) return;
            var following = (long)extended.Start + next.Start;
            // Ascending records cannot form a loop.
            DoubtException.When(!next.IsExtended || following <= at || following >= (long)extended.Start + extended.Count, "the chain of logical partitions is damaged");
            at = following;
        }
    }

    private static List<Partition> Checked(List<Partition> found, long length)
    {
        long end = 0;
        foreach (var range in found.Select(p => p.Range).OrderBy(r => r.Offset))
        {
            DoubtException.When(range.Offset < end, "partitions overlap");
            DoubtException.When(range.Length < 1 || range.Offset > length - range.Length, "a partition ends behind the disk");
            end = range.End;
        }

        return found;
    }

    private readonly record struct Entry(byte Type, uint Start, uint Count)
    {
        public bool IsExtended => Type is 0x05 or 0x0F or 0x85;

        public static Entry Parse(ReadOnlySpan<byte> sector, int index)
        {
            var entry = sector.Slice(446 + (index * 16), 16);
            DoubtException.When((entry[0] & 0x7F) != 0, "this is not a partition table");
            var parsed = new Entry(entry[4], BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]));
            DoubtException.When(parsed.Type != 0 && (parsed.Start == 0 || parsed.Count == 0), "a partition is empty or begins with the table itself");
            return parsed;
        }

        public Partition ToPartition(long baseSector) =>
            // 8e LVM, fd md, bf Solaris (ZFS), 82 swap.
            new(new ByteRange((baseSector + Start) * Sector, (long)Count * Sector), Type is 0x8E or 0xFD or 0xBF, Type == 0x82);
    }
}
