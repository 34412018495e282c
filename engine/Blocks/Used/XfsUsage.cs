using System.Buffers.Binary;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>Free room of XFS by the free-space tree that each allocation group keeps in the order of its blocks.</summary>
internal static class XfsUsage
{
    private const int MaxLevels = 9;

    public static async Task<RangeSet> UnusedAsync(VolumeReader volume, UsedBlocksTrust trust, CancellationToken ct)
    {
        var super = XfsSuperblock.Parse((await volume.ReadAsync(0, 32768, ct)).Span, volume.Volume.Length);
        // A freeze writes a record on purpose that makes recovery look for orphans, while all metadata is in place: the log says nothing then.
        if (trust != UsedBlocksTrust.Frozen) await XfsLog.MustBeCleanAsync(volume, super, ct);
        var free = new FreeRuns(volume.Volume.Offset, super.BlockSize);
        for (var group = 0; group < super.Groups; group++) await AddGroupAsync(volume, super, group, free, ct);
        return free.Build();
    }

    private static async Task AddGroupAsync(VolumeReader volume, XfsSuperblock super, int group, FreeRuns free, CancellationToken ct)
    {
        var header = (await volume.ReadAsync((group * super.GroupBlocks * super.BlockSize) + super.SectorSize, super.SectorSize, ct)).ToArray();
        var (root, levels, total) = Header(header, super, group);
        var leaf = await FirstLeafAsync(volume, super, group, root, levels, ct);
        long found = 0, end = 0;
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            var block = await ReadNodeAsync(volume, super, group, leaf, level: 0, ct);
            // Ascending starts, and no empty leaf but a lone root: the walk to the right cannot go round in circles.
            end = AddLeaf(block.Span, super, group, end, levels == 1, free, ref found);
            leaf = U32(block.Span, 12);
            if (leaf == uint.MaxValue) break;
            DoubtException.When(levels == 1, "the free-space tree is damaged");
        }

        DoubtException.When(found != total, "the free-space tree and its count of free blocks differ");
    }

    private static (uint Root, uint Levels, uint Free) Header(ReadOnlySpan<byte> agf, XfsSuperblock super, int group)
    {
        DoubtException.When(!agf.StartsWith("XAGF"u8) || U32(agf, 4) != 1 || U32(agf, 8) != group || U32(agf, 12) != super.LengthOf(group), "the header of an allocation group is damaged");
        if (super.HasChecksums)
        {
            DoubtException.When(!Crc.IsXfs(agf, 216) || new Guid(agf.Slice(64, 16), bigEndian: true) != super.Uuid, "the checksum of an allocation group is wrong");
        }

        DoubtException.When(U32(agf, 28) is < 1 or > MaxLevels, "the free-space tree has an unusual height");
        return (U32(agf, 16), U32(agf, 28), U32(agf, 52));
    }

    private static async ValueTask<uint> FirstLeafAsync(VolumeReader volume, XfsSuperblock super, int group, uint root, uint levels, CancellationToken ct)
    {
        var block = root;
        for (var level = levels - 1; level > 0; level--)
        {
            var node = await ReadNodeAsync(volume, super, group, block, level, ct);
            var most = (super.BlockSize - HeaderSize(super)) / 12;
            DoubtException.When(U16(node.Span, 6) is var count && (count < 1 || count > most), "the free-space tree is damaged");
            DoubtException.When(U32(node.Span, 8) != uint.MaxValue, "the free-space tree is damaged");
            // Keys of 8 bytes for as many as fit, then the pointers.
            block = U32(node.Span, HeaderSize(super) + (most * 8));
        }

        return block;
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadNodeAsync(VolumeReader volume, XfsSuperblock super, int group, uint number, uint level, CancellationToken ct)
    {
        DoubtException.When(number < 1 || number >= super.LengthOf(group), "the free-space tree points outside of its group");
        var position = ((group * super.GroupBlocks) + number) * super.BlockSize;
        var block = await volume.ReadAsync(position, super.BlockSize, ct);
        MustBeNode(block.Span, super, group, level, position);
        return block;
    }

    private static void MustBeNode(ReadOnlySpan<byte> block, XfsSuperblock super, int group, uint level, long position)
    {
        DoubtException.When(!block.StartsWith(super.HasChecksums ? "AB3B"u8 : "ABTB"u8) || U16(block, 4) != level, "the free-space tree is damaged");
        if (!super.HasChecksums) return;
        DoubtException.When(!Crc.IsXfs(block, 52) || new Guid(block.Slice(32, 16), bigEndian: true) != super.Uuid, "the checksum of the free-space tree is wrong");
        DoubtException.When(BinaryPrimitives.ReadInt64BigEndian(block[16..]) != position / 512 || U32(block, 48) != group, "the free-space tree is damaged");
    }

    private static long AddLeaf(ReadOnlySpan<byte> leaf, XfsSuperblock super, int group, long end, bool mayBeEmpty, FreeRuns free, ref long found)
    {
        int count = U16(leaf, 6), header = HeaderSize(super);
        DoubtException.When(count > (super.BlockSize - header) / 8 || (count == 0 && !mayBeEmpty), "the free-space tree is damaged");
        for (var i = 0; i < count; i++)
        {
            long start = U32(leaf, header + (i * 8)), length = U32(leaf, header + (i * 8) + 4);
            // Block 0 holds the group's headers; runs that touch would have been one.
            DoubtException.When(start < 1 || start < end || length < 1 || start + length > super.LengthOf(group), "the free-space tree is damaged");
            free.Add((group * super.GroupBlocks) + start, length);
            found += length;
            end = start + length;
        }

        return end;
    }

    private static int HeaderSize(XfsSuperblock super) => super.HasChecksums ? 56 : 16;

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
}
