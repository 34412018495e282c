using HyperBdr.Capture.Tracking;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Capture.Freezing;

/// <summary>Where a disk holds swap space: written whenever the kernel likes, and of no worth after a restart.</summary>
internal static class SwapAreas
{
    /// <summary>The swap partitions of a disk, as ranges of it. Swap on volumes is not looked for.</summary>
    public static RangeSet On(BlockDevice disk, long length)
    {
        var ranges = new List<ByteRange>();
        // "Filename  Type  Size  Used  Priority", then "/dev/sda2  partition  1048572  0  -2".
        foreach (var line in File.ReadLines("/proc/swaps").Skip(1))
        {
            var parts = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length < 2 || parts[1] != "partition" || BlockDevice.TryFind(parts[0]) is not { } swap || swap.DiskDevice != disk.DiskDevice) continue;
            var begin = Math.Max(0, ((long)swap.StartSector - (long)disk.StartSector) * 512);
            var end = Math.Min(length, begin + swap.LengthNow());
            if (end > begin) ranges.Add(new ByteRange(begin, end - begin));
        }

        return RangeSet.Touching(ranges);
    }
}
