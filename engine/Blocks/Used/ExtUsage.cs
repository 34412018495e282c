using System.Numerics;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>Free room of ext2, ext3 and ext4 by their block bitmaps. The journal, directories and the file system's own inodes are marked used there.</summary>
internal static class ExtUsage
{
    public static async Task<RangeSet> UnusedAsync(VolumeReader volume, UsedBlocksTrust trust, CancellationToken ct)
    {
        // Only boot code or the signature of something else could be there.
        DoubtException.When((await volume.ReadAsync(0, ExtSuperblock.Offset, ct)).Span.ContainsAnyExcept((byte)0), "the boot area is not empty");
        var super = ExtSuperblock.Parse((await volume.ReadAsync(ExtSuperblock.Offset, ExtSuperblock.Size, ct)).Span, volume.Volume.Length, trust);
        var bitmaps = volume.Beside(Math.Max(64 << 10, super.BlockSize));
        var marked = new FreeRuns(volume.Volume.Offset, super.BlockSize);
        var unset = new FreeRuns(volume.Volume.Offset, super.BlockSize);
        var metadata = new RangeSet.Builder();
        for (var number = 0; number < super.Groups; number++)
        {
            ct.ThrowIfCancellationRequested();
            var at = ((super.FirstBlock + 1) * super.BlockSize) + ((long)number * super.DescriptorSize);
            var group = ExtGroup.Parse((await volume.ReadAsync(at, super.DescriptorSize, ct)).Span, number, super);
            AddMetadata(metadata, volume.Volume.Offset, super, group, number);
            if (group.BitmapIsUnset) unset.Add(super.FirstOf(number), super.CountOf(number));
            else AddFree(marked, (await bitmaps.ReadAsync(group.BlockBitmap * super.BlockSize, super.BlockSize, ct)).Span, super, group, number);
        }

        var fixedPlaces = metadata.Build();
        var free = marked.Build();
        DoubtException.When(free.Intersect(fixedPlaces).Count > 0, "a bitmap calls metadata free");
        return free.Union(unset.Build()).Subtract(fixedPlaces);
    }

    /// <summary>Places that never are free, whatever a bitmap says; for groups without a bitmap they are the only used ones.</summary>
    private static void AddMetadata(RangeSet.Builder metadata, long offset, ExtSuperblock super, ExtGroup group, int number)
    {
        Add(group.BlockBitmap, 1);
        Add(group.InodeBitmap, 1);
        Add(group.InodeTable, super.InodeTableBlocks);
        if (super.HasBackup(number)) Add(super.FirstOf(number), 1L + super.DescriptorBlocks + super.ReservedDescriptorBlocks);

        void Add(long first, long count) => metadata.AddTouched(new ByteRange(offset + (first * super.BlockSize), count * super.BlockSize));
    }

    private static void AddFree(FreeRuns free, ReadOnlySpan<byte> bitmap, ExtSuperblock super, ExtGroup group, int number)
    {
        if (super.HasMetadataChecksums)
        {
            var crc = Crc.Crc32C(super.ChecksumSeed, bitmap[..(super.BlocksPerGroup / 8)]);
            if (super.DescriptorSize < 64) crc &= 0xFFFF;
            DoubtException.When(crc != group.BitmapChecksum, "the checksum of a bitmap is wrong");
        }

        int count = super.CountOf(number), total = 0;
        for (var bit = 0; bit < count;)
        {
            var length = RunOfZeros(bitmap, bit, count);
            if (length > 0) free.Add(super.FirstOf(number) + bit, length);
            total += length;
            bit += length;
            while (bit < count && (bitmap[bit / 8] >> (bit % 8) & 1) != 0) bit = bit % 8 == 0 && bitmap[bit / 8] == 0xFF ? bit + 8 : bit + 1;
        }

        DoubtException.When(total != group.FreeBlocks, "a bitmap and its count of free blocks differ");
    }

    private static int RunOfZeros(ReadOnlySpan<byte> bitmap, int from, int end)
    {
        var bit = from;
        while (bit < end)
        {
            var rest = bitmap[bit / 8] >> (bit % 8);
            if (rest != 0)
            {
                bit += BitOperations.TrailingZeroCount(rest);
                break;
            }

            bit += 8 - (bit % 8);
        }

        return Math.Min(bit, end) - from;
    }
}
