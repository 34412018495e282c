using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>What a volume says of itself in its first 72 KiB: kind of file system and id. Names as blkid(8) has them.</summary>
internal sealed record VolumeLabel(string Kind, string Uuid)
{
    /// <summary>Bytes that are looked at: up to btrfs' first superblock at 64 KiB.</summary>
    public const int Size = 72 << 10;

    public static VolumeLabel None { get; } = new("", "");

    public static VolumeLabel Of(ReadOnlySpan<byte> head)
    {
        if (head.Length < Size) return None;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE])) return new("crypto_LUKS", Text(head.Slice(168, 40)));
        if (head[512..].StartsWith("LABELONE"u8) && head[536..].StartsWith("LVM2 001"u8)) return new("LVM2_member", Text(head.Slice(544, 32)));
        if (head.StartsWith("XFSB"u8)) return new("xfs", Id(head.Slice(32, 16)));
        if (head[0x10040..].StartsWith("_BHRfS_M"u8)) return new("btrfs", Id(head.Slice(0x10020, 16)));
        if (BinaryPrimitives.ReadUInt16LittleEndian(head[1080..]) == 0xEF53) return new(Ext(head[1024..]), Id(head.Slice(1128, 16)));
        if (head[4086..].StartsWith("SWAPSPACE2"u8)) return new("swap", Id(head.Slice(1036, 16)));
        if (head[3..].StartsWith("NTFS    "u8)) return new("ntfs", BinaryPrimitives.ReadUInt64LittleEndian(head[72..]).ToString("X16", CultureInfo.InvariantCulture));
        if (head[82..].StartsWith("FAT32   "u8)) return new("vfat", Serial(head[67..]));
        if (head[54..].StartsWith("FAT1"u8)) return new("vfat", Serial(head[39..]));
        return None;
    }

    // s_feature_compat: a journal; s_feature_incompat: extents.
    private static string Ext(ReadOnlySpan<byte> superblock)
    {
        if ((BinaryPrimitives.ReadUInt32LittleEndian(superblock[0x60..]) & 0x40) != 0) return "ext4";
        return (BinaryPrimitives.ReadUInt32LittleEndian(superblock[0x5C..]) & 4) != 0 ? "ext3" : "ext2";
    }

    private static string Id(ReadOnlySpan<byte> bytes) => new Guid(bytes, bigEndian: true).ToString();

    private static string Serial(ReadOnlySpan<byte> bytes)
    {
        var text = BinaryPrimitives.ReadUInt32LittleEndian(bytes).ToString("X8", CultureInfo.InvariantCulture);
        return $"{text[..4]}-{text[4..]}";
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
