using System.Buffers.Binary;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Index;

/// <summary>Searches that use how evenly hashed ids lie: a guess from the prefix is off by a few positions at most, and never by more than a binary search costs.</summary>
internal static class FenceSearch
{
    /// <summary>Position of the first fence that is not below <paramref name="prefix"/>.</summary>
    public static int FirstNotBelow(ReadOnlySpan<ulong> fences, ulong prefix)
    {
        var guess = (int)Math.BigMul(prefix, (ulong)fences.Length, out _);
        var (low, high) = (guess, guess);
        for (var step = 1; low > 0 && fences[low - 1] >= prefix; step *= 2) low = Math.Max(0, low - step);
        for (var step = 1; high < fences.Length && fences[high] < prefix; step *= 2) high = (int)Math.Min(fences.Length, (long)high + step);
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) / 2);
            if (fences[middle] < prefix) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Position of the first of a page's entries whose id is not below <paramref name="id"/>.</summary>
    public static int FirstNotBelow(ReadOnlySpan<byte> page, int entries, ChunkId id)
    {
        var (low, high) = (0, entries);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (IsBelow(page[(middle * SegmentEntry.Size)..], id.Value)) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private static bool IsBelow(ReadOnlySpan<byte> entry, Hash256 id)
    {
        var prefix = BinaryPrimitives.ReadUInt64BigEndian(entry);
        return prefix == id.Prefix ? new Hash256(entry[..Hash256.Size]).CompareTo(id) < 0 : prefix < id.Prefix;
    }
}
