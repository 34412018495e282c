using System.Buffers.Binary;
using System.Globalization;

namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>Kind and id of a disk's partition table: <c>gpt</c> or <c>dos</c>, or empty. UEFI 2.10, chapter 5.</summary>
internal sealed record PartitionTableId(string Kind, string Id)
{
    public static PartitionTableId None { get; } = new("", "");

    /// <param name="head">The disk's first 8 KiB or more.</param>
    public static PartitionTableId Of(ReadOnlySpan<byte> head)
    {
        if (head.Length < 8192 || head[510] != 0x55 || head[511] != 0xAA) return None;
        foreach (var sector in (ReadOnlySpan<int>)[512, 4096])
        {
            if (head[sector..].StartsWith("EFI PART"u8)) return new("gpt", new Guid(head.Slice(sector + 56, 16)).ToString());
        }

        // A boot sector of a file system carries the same mark: a table has an entry with a type and a known status.
        for (var entry = 446; entry < 510; entry += 16)
        {
            if (head[entry] is not (0 or 0x80)) return None;
        }

        var used = head[450] != 0 || head[466] != 0 || head[482] != 0 || head[498] != 0;
        return used ? new("dos", BinaryPrimitives.ReadUInt32LittleEndian(head[440..]).ToString("x8", CultureInfo.InvariantCulture)) : None;
    }
}
