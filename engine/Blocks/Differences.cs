using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Blocks;

/// <summary>Compares two disks.</summary>
public static class Differences
{
    private const int Step = 1 << 20;

    /// <summary>The ranges whose bytes differ, ascending and merged, in whole blocks; where one disk is longer, the rest of it differs.</summary>
    /// <remarks>Reads front to end with two buffers of 1 MiB; what is a hole in both is not read.
    /// A disk that changes meanwhile is compared as it was read.</remarks>
    public static async IAsyncEnumerable<ByteRange> FindAsync(IBlockSource a, IBlockSource b, [EnumeratorCancellation] CancellationToken ct)
    {
        Memory<byte> left = AlignedMemory.Allocate(Step), right = AlignedMemory.Allocate(Step);
        ByteRange? open = null;
        foreach (var range in await ToReadAsync(a, b, ct))
        {
            for (var position = range.Offset; position < range.End; position += Step)
            {
                var wanted = (int)Math.Min(Step, range.End - position);
                var leftCount = await a.ReadAsync(position, left[..wanted], ct);
                var rightCount = await b.ReadAsync(position, right[..wanted], ct);
                foreach (var (from, to) in Differing(left.Span[..leftCount], right.Span[..rightCount]))
                {
                    if (open is { } last && last.End == position + from)
                    {
                        open = last with { Length = last.Length + to - from };
                        continue;
                    }

                    if (open is { } done) yield return done;
                    open = new ByteRange(position + from, to - from);
                }

                // Only now does a stream know its length.
                if (leftCount < wanted && rightCount < wanted) break;
            }
        }

        if (open is { } rest) yield return rest;
    }

    private static async Task<RangeSet> ToReadAsync(IBlockSource a, IBlockSource b, CancellationToken ct)
    {
        var builder = new RangeSet.Builder();
        if (a.Length is not { } first || b.Length is not { } second)
        {
            builder.AddTouched(new ByteRange(0, long.MaxValue - (4 * Block.Size)));
            return builder.Build();
        }

        foreach (var source in (IBlockSource[])[a, b])
        {
            await foreach (var extent in source.ExtentsAsync(new ByteRange(0, Math.Max(first, second)), ct))
            {
                if (extent.IsData) builder.AddTouched(new ByteRange(extent.Offset, extent.Length));
            }
        }

        // What only the longer disk has differs even where it is a hole.
        var tail = new ByteRange(Math.Min(first, second), Math.Abs(first - second));
        builder.AddTouched(tail);
        return builder.Build();
    }

    private static List<(int From, int To)> Differing(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var found = new List<(int From, int To)>();
        if (left.SequenceEqual(right)) return found;
        var length = Math.Max(left.Length, right.Length);
        for (var from = 0; from < length; from += Block.Size)
        {
            var to = Math.Min(length, from + Block.Size);
            if (Part(left, from, to).SequenceEqual(Part(right, from, to))) continue;
            if (found.Count > 0 && found[^1].To == from) found[^1] = (found[^1].From, to);
            else found.Add((from, to));
        }

        return found;
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> all, int from, int to) => from >= all.Length ? [] : all[from..Math.Min(to, all.Length)];
}
