using System.Buffers.Binary;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>What the superblock of ext2, ext3 or ext4 says (1,024 bytes at offset 1,024), refused unless every feature is known to be harmless here.</summary>
internal sealed record ExtSuperblock
{
    public const int Offset = 1024;
    public const int Size = 1024;

    // Features that change neither where blocks are nor what the bitmaps mean.
    // compat: dir_prealloc, imagic, journal, ext_attr, resize_inode, dir_index, fast_commit, stable_inodes, orphan_file.
    private const uint Compatible = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x400 | 0x800 | 0x1000;
    // incompat: filetype, extents, 64bit, mmp, flex_bg, ea_inode, csum_seed, largedir, inline_data, encrypt, casefold. Not: recover, meta_bg, journal_dev.
    private const uint Incompatible = 0x2 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
    // ro: sparse_super, large_file, btree_dir, huge_file, gdt_csum, dir_nlink, extra_isize, quota, metadata_csum, readonly, project, verity. Not: bigalloc.
    private const uint ReadOnlyCompatible = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x100 | 0x400 | 0x1000 | 0x2000 | 0x8000;
    private const uint OrphansPresent = 0x10000;
    private const uint MaxGroups = 1 << 22;

    public required int BlockSize { get; init; }
    public required long Blocks { get; init; }
    public required long FirstBlock { get; init; }
    public required int BlocksPerGroup { get; init; }
    public required int DescriptorSize { get; init; }
    public required int InodeTableBlocks { get; init; }
    public required int ReservedDescriptorBlocks { get; init; }
    public required bool HasSparseBackups { get; init; }
    public required bool HasMetadataChecksums { get; init; }
    public required bool HasDescriptorChecksums { get; init; }
    public required uint ChecksumSeed { get; init; }
    public required Guid Uuid { get; init; }

    public int Groups => (int)((Blocks - FirstBlock + BlocksPerGroup - 1) / BlocksPerGroup);

    public int DescriptorBlocks => (int)((((long)Groups * DescriptorSize) + BlockSize - 1) / BlockSize);

    public long FirstOf(int group) => FirstBlock + ((long)group * BlocksPerGroup);

    public int CountOf(int group) => (int)Math.Min(BlocksPerGroup, Blocks - FirstOf(group));

    /// <summary>Groups 0, 1 and the powers of 3, 5 and 7 hold copies of superblock and descriptors (sparse_super); without it, all.</summary>
    public bool HasBackup(int group) => !HasSparseBackups || group <= 1 || IsPower(group, 3) || IsPower(group, 5) || IsPower(group, 7);

    public static ExtSuperblock Parse(ReadOnlySpan<byte> bytes, long volumeLength, UsedBlocksTrust trust)
    {
        uint compatible = U32(bytes, 0x5C), incompatible = U32(bytes, 0x60), readOnly = U32(bytes, 0x64);
        MustBeKnown(bytes, compatible, incompatible, readOnly, trust);
        MustBeClean(bytes, trust, hasJournal: (compatible & 0x4) != 0);

        var hasMetadataChecksums = (readOnly & 0x400) != 0;
        if (hasMetadataChecksums)
        {
            DoubtException.When(bytes[0x175] != 1 || Crc.Crc32C(uint.MaxValue, bytes[..0x3FC]) != U32(bytes, 0x3FC), "the superblock's checksum is wrong");
        }

        var is64 = (incompatible & 0x80) != 0;
        var blockSize = 1024 << (int)Math.Min(U32(bytes, 0x18), 7);
        DoubtException.When(blockSize > 65536 || U32(bytes, 0x18) != U32(bytes, 0x1C) || U32(bytes, 0x20) != U32(bytes, 0x24), "the block or cluster size is unusual");
        var inodeSize = U32(bytes, 0x4C) == 0 ? 128u : BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x58..]);
        DoubtException.When(inodeSize < 128 || inodeSize > blockSize || !uint.IsPow2(inodeSize), "the inode size is unusual");
        var inodesPerGroup = U32(bytes, 0x28);
        DoubtException.When(inodesPerGroup < 1 || inodesPerGroup > 8u * (uint)blockSize, "the number of inodes is unusual");

        var seed = (incompatible & 0x2000) != 0 ? U32(bytes, 0x270) : Crc.Crc32C(uint.MaxValue, bytes.Slice(0x68, 16));
        var superblock = new ExtSuperblock
        {
            BlockSize = blockSize,
            Blocks = U32(bytes, 0x4) | (is64 ? (long)(U32(bytes, 0x150) & 0x7FFFFFFF) << 32 : 0),
            FirstBlock = U32(bytes, 0x14),
            BlocksPerGroup = (int)Math.Min(U32(bytes, 0x20), int.MaxValue),
            DescriptorSize = is64 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[0xFE..]) : 32,
            InodeTableBlocks = (int)(((inodesPerGroup * (ulong)inodeSize) + (ulong)blockSize - 1) / (ulong)blockSize),
            ReservedDescriptorBlocks = (compatible & 0x10) != 0 ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[0xCE..]) : 0,
            HasSparseBackups = (readOnly & 0x1) != 0,
            HasMetadataChecksums = hasMetadataChecksums,
            HasDescriptorChecksums = (readOnly & 0x10) != 0,
            ChecksumSeed = seed,
            Uuid = new Guid(bytes.Slice(0x68, 16), bigEndian: true),
        };
        superblock.MustFit(volumeLength);
        return superblock;
    }

    private static void MustBeKnown(ReadOnlySpan<byte> bytes, uint compatible, uint incompatible, uint readOnly, UsedBlocksTrust trust)
    {
        DoubtException.When(BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x38..]) != 0xEF53, "this is no ext superblock");
        DoubtException.When(U32(bytes, 0x4C) > 1 || U32(bytes, 0x48) != 0, "the file system's revision is not known");
        // A journal that has to be replayed may change the bitmaps: frozen or not, they cannot be believed.
        DoubtException.When((incompatible & 0x4) != 0, "the journal is not empty: mounted, or not unmounted cleanly");
        DoubtException.When((compatible & ~Compatible) != 0 || (incompatible & ~Incompatible) != 0, "the file system has features that are not understood here");
        DoubtException.When((readOnly & ~(ReadOnlyCompatible | OrphansPresent)) != 0, "the file system has features that are not understood here");
        DoubtException.When((readOnly & OrphansPresent) != 0 && trust != UsedBlocksTrust.Frozen, "files that were deleted while open are still there");
        DoubtException.When((readOnly & 0x410) == 0x410, "two kinds of checksums exclude each other");
    }

    private static void MustBeClean(ReadOnlySpan<byte> bytes, UsedBlocksTrust trust, bool hasJournal)
    {
        var state = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3A..]);
        DoubtException.When((state & 2) != 0, "the file system has recorded errors");
        // Without a journal, the kernel takes the clean mark away as long as the file system is mounted, frozen or not.
        var markMayMiss = trust == UsedBlocksTrust.Frozen && !hasJournal;
        DoubtException.When((state & 1) == 0 && !markMayMiss, "the file system is mounted, or was not unmounted cleanly");
        DoubtException.When((state & ~7) != 0 || ((state & 4) != 0 && trust != UsedBlocksTrust.Frozen), "orphans are being recovered");
        DoubtException.When(U32(bytes, 0xE8) != 0 && trust != UsedBlocksTrust.Frozen, "files that were deleted while open are still there");
    }

    private void MustFit(long volumeLength)
    {
        DoubtException.When(FirstBlock != (BlockSize == 1024 ? 1 : 0), "the first block is unusual");
        DoubtException.When(Blocks <= FirstBlock || Blocks > volumeLength / BlockSize, "the file system is longer than its volume");
        DoubtException.When(BlocksPerGroup < 256 || BlocksPerGroup % 8 != 0 || BlocksPerGroup > 8 * BlockSize, "the groups have an unusual size");
        DoubtException.When((Blocks - FirstBlock) / BlocksPerGroup >= MaxGroups, "there are too many groups");
        DoubtException.When(DescriptorSize is not (32 or 64), "the descriptors have an unusual size");
        DoubtException.When(1L + DescriptorBlocks + ReservedDescriptorBlocks > Math.Min(BlocksPerGroup, Blocks), "the descriptors do not fit into a group");
    }

    private static bool IsPower(int value, int radix)
    {
        while (value > 1 && value % radix == 0) value /= radix;
        return value == 1;
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
