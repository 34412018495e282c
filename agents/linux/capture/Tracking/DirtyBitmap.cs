using System.Numerics;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Capture.Tracking;

/// <summary>Which steps of a disk were written. Memory grows with the regions that were touched, and has a bound. One caller at a time.</summary>
internal sealed class DirtyBitmap
{
    /// <summary>Ranges beyond which neighbours are joined, so that the list of them stays small.</summary>
    private const int MaxRanges = 262_144;

    private const int SegmentWords = 512, WordBits = 64, SegmentBits = SegmentWords * WordBits;
    private readonly ulong[]?[] segments;
    private readonly long length;

    /// <param name="length">Bytes of the disk.</param>
    /// <param name="limitBytes">Bytes of memory at most, about.</param>
    public DirtyBitmap(long length, int limitBytes)
    {
        this.length = length;
        StepBytes = Block.Size;
        while (length / StepBytes / 8 > limitBytes) StepBytes *= 2;
        segments = new ulong[]?[((length - 1) / StepBytes / SegmentBits) + 1];
    }

    /// <summary>Bytes that one bit stands for.</summary>
    public long StepBytes { get; }

    /// <summary>Bits that are set.</summary>
    public long Count { get; private set; }

    /// <summary>Bytes that the set bits stand for.</summary>
    public long Bytes => Count * StepBytes;

    /// <summary>Marks what a range touches, as far as it lies on the disk.</summary>
    public void Mark(long offset, long bytes)
    {
        var end = Math.Min(length, offset + bytes);
        if (offset >= end) return;
        for (var step = offset / StepBytes; step <= (end - 1) / StepBytes; step++) Set(step);
    }

    /// <summary>Marks what another of the same disk has marked.</summary>
    public void Add(DirtyBitmap other)
    {
        for (var s = 0; s < segments.Length; s++)
        {
            if (other.segments[s] is not { } theirs) continue;
            var ours = segments[s] ??= new ulong[SegmentWords];
            for (var w = 0; w < SegmentWords; w++)
            {
                Count += BitOperations.PopCount(theirs[w] & ~ours[w]);
                ours[w] |= theirs[w];
            }
        }
    }

    public void Clear()
    {
        Array.Clear(segments);
        Count = 0;
    }

    /// <summary>What is marked.</summary>
    public RangeSet ToRanges()
    {
        var ranges = Runs(1);
        for (var join = 16L; ranges is null; join *= 16) ranges = Runs(join);
        return ranges;
    }

    private void Set(long step)
    {
        ref var segment = ref segments[step / SegmentBits];
        segment ??= new ulong[SegmentWords];
        ref var word = ref segment[(int)(step % SegmentBits) / WordBits];
        var bit = 1UL << (int)(step % WordBits);
        if ((word & bit) == 0) Count++;
        word |= bit;
    }

    // Null when there are too many; each run is widened to a multiple of the join.
    private RangeSet? Runs(long join)
    {
        var builder = new RangeSet.Builder();
        long first = -1, end = -1;
        var count = 0;
        foreach (var step in Steps())
        {
            var (from, to) = (step / join * join, ((step / join) + 1) * join);
            if (from > end || first < 0)
            {
                if (first >= 0) Add(builder, first, end);
                if (first >= 0 && ++count > MaxRanges) return null;
                first = from;
            }

            end = to;
        }

        if (first >= 0) Add(builder, first, end);
        return builder.Build();
    }

    private void Add(RangeSet.Builder builder, long first, long end) =>
        builder.AddTouched(new ByteRange(first * StepBytes, Math.Min(length, end * StepBytes) - (first * StepBytes)));

    private IEnumerable<long> Steps()
    {
        for (var s = 0; s < segments.Length; s++)
        {
            if (segments[s] is not { } segment) continue;
            for (var w = 0; w < SegmentWords; w++)
            {
                for (var word = segment[w]; word != 0; word &= word - 1)
                {
                    yield return ((long)s * SegmentBits) + (w * WordBits) + BitOperations.TrailingZeroCount(word);
                }
            }
        }
    }
}
