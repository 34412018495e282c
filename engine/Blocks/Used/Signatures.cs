using System.Buffers.Binary;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>Recognizes what a volume holds, and what contradicts it: the superblock of a former file system may outlive
/// the RAID, pool or other file system that took its place, and its free room then holds data.</summary>
internal static class Signatures
{
    private const uint Md = 0xA92B4EFC;
    private const uint Zfs = 0x00BAB10C;
    private const int Head = 256 << 10;

    private static readonly (int Offset, byte[] Magic, string Name)[] Known =
    [
        (0, [0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE], "LUKS"),
        (0, "hsqs"u8.ToArray(), "squashfs"),
        (0, "integrt\0"u8.ToArray(), "dm-integrity"),
        (0, "dmvdo001"u8.ToArray(), "VDO"),
        (0, "bluestore block device"u8.ToArray(), "Ceph"),
        (3, "NTFS    "u8.ToArray(), "NTFS"),
        (3, "EXFAT   "u8.ToArray(), "exFAT"),
        (32, "NXSB"u8.ToArray(), "APFS"),
        (32, "ORCLDISK"u8.ToArray(), "Oracle ASM"),
        (0x10040, "_BHRfS_M"u8.ToArray(), "btrfs"),
        (0x8000, "JFS1"u8.ToArray(), "JFS"),
        (0x8001, "CD001"u8.ToArray(), "ISO 9660"),
        (0x2034, "ReIsEr"u8.ToArray(), "ReiserFS"),
        (0x10034, "ReIsEr"u8.ToArray(), "ReiserFS"),
        (0x10000, [0x01, 0x16, 0x19, 0x70], "GFS2"),
        (0x1018, [0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48, 0xBA, 0x6D, 0x81], "bcache"),
        (0x1018, [0xC6, 0x85, 0x73, 0xF6, 0x66, 0xCE, 0x90, 0xA9, 0xD9, 0x6A, 0x60, 0xCF, 0x80, 0x3D, 0xF7, 0xEF], "bcachefs"),
    ];

    /// <summary><c>ext</c>, <c>xfs</c>, <c>swap</c> or <c>unknown</c>, by magic numbers alone.</summary>
    public static async ValueTask<string> KindAsync(VolumeReader volume, CancellationToken ct)
    {
        if (volume.Volume.Length < 64 << 10) return "unknown";
        var head = (await volume.ReadAsync(0, 2 * Block.Size, ct)).Span;
        if (head.StartsWith("XFSB"u8)) return "xfs";
        if (BinaryPrimitives.ReadUInt16LittleEndian(head[1080..]) == 0xEF53) return "ext";
        return head[4086..4096].SequenceEqual("SWAPSPACE2"u8) ? "swap" : "unknown";
    }

    /// <summary>A signature that excludes that the volume is a plain ext, XFS or swap volume; null when there is none.</summary>
    public static async ValueTask<string?> FindAsync(VolumeReader volume, CancellationToken ct)
    {
        var length = volume.Volume.Length;
        if (length < Head) return "nothing that can be told: it is too small";
        return InHead((await volume.Beside(Head + Block.Size).ReadAsync(0, Head, ct)).Span) ?? await InTailAsync(volume, length, ct);
    }

    private static string? InHead(ReadOnlySpan<byte> head)
    {
        foreach (var (offset, magic, name) in Known)
        {
            if (head[offset..].StartsWith(magic)) return name;
        }

        for (var sector = 0; sector < 4; sector++)
        {
            if (head[(sector * 512)..].StartsWith("LABELONE"u8)) return "LVM";
        }

        if (IsMd(head) || IsMd(head[4096..])) return "md RAID";
        // ZFS keeps a ring of uberblocks in the second half of its label, at steps of at least 1 KiB.
        for (var at = 128 << 10; at < Head; at += 1024)
        {
            var magic = BinaryPrimitives.ReadUInt64LittleEndian(head[at..]);
            if (magic == Zfs || BinaryPrimitives.ReverseEndianness(magic) == Zfs) return "ZFS";
        }

        return null;
    }

    /// <summary>RAID that keeps its metadata at the end leaves the members' beginning looking like a plain disk.</summary>
    private static async ValueTask<string?> InTailAsync(VolumeReader volume, long length, CancellationToken ct)
    {
        var tail = volume.Beside(Head);
        if (IsMd((await tail.ReadAsync((length & ~0xFFFFL) - 0x10000, 4, ct)).Span)) return "md RAID";
        if (IsMd((await tail.ReadAsync(((length / 512) - 16 & ~7L) * 512, 4, ct)).Span)) return "md RAID";
        var last = (await tail.ReadAsync(length - 1024, 1024, ct)).Span;
        if (last.StartsWith("Intel Raid ISM Cfg Sig."u8)) return "Intel RAID";
        return BinaryPrimitives.ReadUInt32BigEndian(last[512..]) == 0xDE11DE11 ? "DDF RAID" : null;
    }

    private static bool IsMd(ReadOnlySpan<byte> at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(at) == Md || BinaryPrimitives.ReadUInt32BigEndian(at) == Md;
}
