using System.Buffers.Binary;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>One group descriptor of ext2, ext3 or ext4, its checksum verified where the file system keeps one.</summary>
internal readonly record struct ExtGroup(long BlockBitmap, long InodeBitmap, long InodeTable, int FreeBlocks, bool BitmapIsUnset, uint BitmapChecksum)
{
    public static ExtGroup Parse(ReadOnlySpan<byte> bytes, int number, ExtSuperblock super)
    {
        MustBeWhole(bytes, number, super);
        var wide = super.DescriptorSize >= 64;
        // BLOCK_UNINIT counts only where a checksum covers it, as in the kernel.
        var unset = (U16(bytes, 0x12) & 2) != 0 && (super.HasMetadataChecksums || super.HasDescriptorChecksums);
        var group = new ExtGroup(
            Block(bytes, 0x0, 0x20, wide),
            Block(bytes, 0x4, 0x24, wide),
            Block(bytes, 0x8, 0x28, wide),
            U16(bytes, 0xC) | (wide ? U16(bytes, 0x2C) << 16 : 0),
            unset,
            U16(bytes, 0x18) | (wide ? (uint)U16(bytes, 0x38) << 16 : 0));
        DoubtException.When(!IsInside(group.BlockBitmap, 1, super) || !IsInside(group.InodeBitmap, 1, super), "a bitmap lies outside of the file system");
        DoubtException.When(!IsInside(group.InodeTable, super.InodeTableBlocks, super), "an inode table lies outside of the file system");
        return group;
    }

    private static void MustBeWhole(ReadOnlySpan<byte> bytes, int number, ExtSuperblock super)
    {
        Span<byte> prefix = stackalloc byte[20];
        super.Uuid.TryWriteBytes(prefix, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[16..], number);
        var stored = U16(bytes, 0x1E);
        if (super.HasMetadataChecksums)
        {
            var crc = Crc.Crc32C(Crc.Crc32C(super.ChecksumSeed, prefix[16..]), bytes[..0x1E]);
            crc = Crc.Crc32C(Crc.Crc32C(crc, [0, 0]), bytes[0x20..]);
            DoubtException.When((ushort)crc != stored, "the checksum of a group is wrong");
        }
        else if (super.HasDescriptorChecksums)
        {
            var crc = Crc.Crc16(Crc.Crc16(ushort.MaxValue, prefix), bytes[..0x1E]);
            if (bytes.Length > 0x20) crc = Crc.Crc16(crc, bytes[0x20..]);
            DoubtException.When(crc != stored, "the checksum of a group is wrong");
        }
    }

    private static bool IsInside(long first, long count, ExtSuperblock super) => first >= super.FirstBlock && first <= super.Blocks - count;

    private static long Block(ReadOnlySpan<byte> bytes, int low, int high, bool wide)
    {
        var upper = wide ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[high..]) : 0;
        DoubtException.When(upper > 0xFFFF, "a block number is damaged");
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[low..]) | ((long)upper << 32);
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}
