using System.Buffers.Binary;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>What the superblock of XFS says (big-endian, first sector), refused unless every feature is known to be harmless here.</summary>
internal sealed record XfsSuperblock
{
    // ftype, sparse inodes, meta_uuid, bigtime, nrext64, exchange-range, parent. Not: needs-repair, metadir, zoned.
    private const uint Incompatible = 0x1 | 0x2 | 0x4 | 0x8 | 0x20 | 0x40 | 0x80;
    // finobt, rmapbt, reflink, inobtcount.
    private const uint ReadOnlyCompatible = 0x1 | 0x2 | 0x4 | 0x8;
    private const long MinGroupBytes = 16 << 20;

    public required int BlockSize { get; init; }
    public required int SectorSize { get; init; }
    public required long Blocks { get; init; }
    public required long GroupBlocks { get; init; }
    public required int Groups { get; init; }
    public required long LogBlock { get; init; }
    public required long LogBlocks { get; init; }
    public required bool HasChecksums { get; init; }

    /// <summary>The one that metadata carries; a changed label of the file system leaves it alone.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>The one that log records carry.</summary>
    public required Guid LogUuid { get; init; }

    public long LengthOf(int group) => Math.Min(GroupBlocks, Blocks - (group * GroupBlocks));

    public static XfsSuperblock Parse(ReadOnlySpan<byte> bytes, long volumeLength)
    {
        DoubtException.When(!bytes.StartsWith("XFSB"u8), "this is no XFS superblock");
        var version = BinaryPrimitives.ReadUInt16BigEndian(bytes[100..]) & 0xF;
        DoubtException.When(version is not (4 or 5) || bytes[126] != 0, "the file system's version is not known, or it is being made");
        int blockLog = bytes[120], sectorLog = bytes[121], groupLog = bytes[124];
        DoubtException.When(blockLog is < 9 or > 16 || sectorLog is < 9 or > 15 || groupLog > 31, "the block or sector size is unusual");
        var checksums = version == 5;
        if (checksums) MustBeKnown(bytes, 1 << sectorLog);
        var uuid = new Guid(bytes.Slice(32, 16), bigEndian: true);
        // The number of a block holds the group's number above its block in the group.
        var log = BinaryPrimitives.ReadUInt64BigEndian(bytes[48..]);
        DoubtException.When(log == 0 || log >> groupLog > int.MaxValue, "the log is on another device, or damaged");
        var super = new XfsSuperblock
        {
            BlockSize = 1 << blockLog,
            SectorSize = 1 << sectorLog,
            Blocks = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]),
            GroupBlocks = U32(bytes, 84),
            Groups = (int)Math.Min(U32(bytes, 88), int.MaxValue),
            LogBlock = ((long)(log >> groupLog) * U32(bytes, 84)) + (long)(log & ((1UL << groupLog) - 1)),
            LogBlocks = U32(bytes, 96),
            HasChecksums = checksums,
            Uuid = checksums && (U32(bytes, 216) & 0x4) != 0 ? new Guid(bytes.Slice(248, 16), bigEndian: true) : uuid,
            LogUuid = uuid,
        };
        super.MustFit(volumeLength, U32(bytes, 4), BinaryPrimitives.ReadUInt16BigEndian(bytes[102..]));
        // A real-time section has its own device and account.
        DoubtException.When(BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]) != 0, "there is a real-time section");
        return super;
    }

    private static void MustBeKnown(ReadOnlySpan<byte> bytes, int sectorSize)
    {
        DoubtException.When(!Crc.IsXfs(bytes[..sectorSize], 224), "the superblock's checksum is wrong");
        DoubtException.When(U32(bytes, 208) != 0 || (U32(bytes, 212) & ~ReadOnlyCompatible) != 0, "the file system has features that are not understood here");
        DoubtException.When((U32(bytes, 216) & ~Incompatible) != 0 || (U32(bytes, 220) & ~1u) != 0, "the file system has features that are not understood here");
    }

    private void MustFit(long volumeLength, uint blockSize, ushort sectorSize)
    {
        DoubtException.When(blockSize != BlockSize || sectorSize != SectorSize || SectorSize > BlockSize, "the block or sector size is damaged");
        DoubtException.When(Blocks < 1 || Blocks > volumeLength / BlockSize, "the file system is longer than its volume");
        DoubtException.When(GroupBlocks * BlockSize < MinGroupBytes || GroupBlocks > 1L << 31, "the allocation groups have an unusual size");
        DoubtException.When(Groups != (Blocks + GroupBlocks - 1) / GroupBlocks, "the number of allocation groups is damaged");
        DoubtException.When(LogBlocks < 1 || LogBlock < 1 || LogBlock > Blocks - LogBlocks, "the log lies outside of the file system");
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
}
