using System.Collections;

namespace HyperBdr.Engine.Blocks;

/// <summary>Ranges of a disk in whole blocks of <see cref="Block.Size"/>: sorted, apart from each other, immutable.</summary>
/// <remarks>Used for change maps and for what need not be read. 16 bytes of memory per range. Safe for readers side by side.</remarks>
public sealed class RangeSet : IEnumerable<ByteRange>
{
    private readonly Run[] _runs;

    private RangeSet(Run[] runs)
    {
        _runs = runs;
        foreach (var run in runs) BlockCount += run.End - run.First;
    }

    /// <summary>No block at all.</summary>
    public static RangeSet Empty { get; } = new([]);

    /// <summary>Ranges in the set.</summary>
    public int Count => _runs.Length;

    /// <summary>Blocks in the set.</summary>
    public long BlockCount { get; }

    /// <summary>Bytes in the set.</summary>
    public long ByteCount => BlockCount * Block.Size;

    /// <summary>The set of every block that one of the ranges touches.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/> for a negative range or one that ends beyond 2^63.</exception>
    public static RangeSet Touching(IEnumerable<ByteRange> ranges)
    {
        var builder = new Builder();
        foreach (var range in ranges) builder.AddTouched(range);
        return builder.Build();
    }

    /// <summary>True when the block that holds this byte is in the set.</summary>
    public bool Contains(long offset)
    {
        var block = offset / Block.Size;
        var index = FirstEndingAfter(block);
        return offset >= 0 && index < _runs.Length && _runs[index].First <= block;
    }

    /// <summary>The parts of the set that lie in a range, ascending, cut at the range's bounds (which may lie inside a block).</summary>
    public IEnumerable<ByteRange> Within(ByteRange range)
    {
        for (var i = FirstEndingAfter(range.Offset / Block.Size); i < _runs.Length; i++)
        {
            var begin = Math.Max(range.Offset, _runs[i].First * Block.Size);
            var end = Math.Min(range.End, _runs[i].End * Block.Size);
            if (begin >= range.End) yield break;
            if (begin < end) yield return new ByteRange(begin, end - begin);
        }
    }

    /// <summary>The blocks that are in one of the two sets.</summary>
    public RangeSet Union(RangeSet other) => Combine(other, static (a, b) => a || b);

    /// <summary>The blocks that are in both sets.</summary>
    public RangeSet Intersect(RangeSet other) => Combine(other, static (a, b) => a && b);

    /// <summary>The blocks of this set that are not in the other.</summary>
    public RangeSet Subtract(RangeSet other) => Combine(other, static (a, b) => a && !b);

    /// <inheritdoc />
    public IEnumerator<ByteRange> GetEnumerator()
    {
        foreach (var run in _runs) yield return new ByteRange(run.First * Block.Size, (run.End - run.First) * Block.Size);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Walks the bounds of both sets in order; between two bounds membership does not change.</summary>
    private RangeSet Combine(RangeSet other, Func<bool, bool, bool> member)
    {
        var result = new List<Run>();
        int a = 0, b = 0;
        long begin = -1;
        while (a < 2 * _runs.Length || b < 2 * other._runs.Length)
        {
            var bound = Math.Min(Bound(_runs, a), Bound(other._runs, b));
            while (Bound(_runs, a) == bound) a++;
            while (Bound(other._runs, b) == bound) b++;
            var inside = member(a % 2 == 1, b % 2 == 1);
            if (inside && begin < 0) begin = bound;
            if (inside || begin < 0) continue;
            result.Add(new Run(begin, bound));
            begin = -1;
        }

        return new RangeSet([.. result]);
    }

    private static long Bound(Run[] runs, int index)
    {
        if (index >= 2 * runs.Length) return long.MaxValue;
        return index % 2 == 0 ? runs[index / 2].First : runs[index / 2].End;
    }

    private int FirstEndingAfter(long block)
    {
        int low = 0, high = _runs.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_runs[middle].End > block) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    private readonly record struct Run(long First, long End);

    /// <summary>Collects ranges in any order; n log n in all. For one thread.</summary>
    public sealed class Builder
    {
        private readonly List<Run> _runs = [];
        private bool _sorted = true;

        /// <summary>Adds every block that the range touches.</summary>
        /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/> for a negative range or one that ends beyond 2^63.</exception>
        public void AddTouched(ByteRange range)
        {
            MustBeValid(range);
            Add(range.Offset / Block.Size, ((range.End - 1) / Block.Size) + 1, range.Length);
        }

        /// <summary>Adds only the blocks that lie in the range whole.</summary>
        /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/> for a negative range or one that ends beyond 2^63.</exception>
        public void AddWhole(ByteRange range)
        {
            MustBeValid(range);
            var first = (range.Offset / Block.Size) + (range.Offset % Block.Size == 0 ? 0 : 1);
            Add(first, range.End / Block.Size, range.Length);
        }

        /// <summary>The set of what has been added so far.</summary>
        public RangeSet Build()
        {
            if (!_sorted) _runs.Sort(static (a, b) => a.First.CompareTo(b.First));
            _sorted = true;
            var merged = new List<Run>(_runs.Count);
            foreach (var run in _runs)
            {
                if (merged.Count > 0 && merged[^1].End >= run.First) merged[^1] = merged[^1] with { End = Math.Max(merged[^1].End, run.End) };
                else merged.Add(run);
            }

            return new RangeSet([.. merged]);
        }

        private static void MustBeValid(ByteRange range)
        {
            if (range.Offset < 0 || range.Length < 0 || range.Offset > long.MaxValue - Block.Size - range.Length)
            {
                throw new EngineException(Fault.InvalidArgument, "range", $"offset {range.Offset}, length {range.Length}");
            }
        }

        private void Add(long first, long end, long length)
        {
            if (length == 0 || first >= end) return;
            if (_sorted && _runs.Count > 0 && first >= _runs[^1].First && first <= _runs[^1].End)
            {
                _runs[^1] = _runs[^1] with { End = Math.Max(_runs[^1].End, end) };
                return;
            }

            if (_runs.Count > 0 && first < _runs[^1].First) _sorted = false;
            _runs.Add(new Run(first, end));
        }
    }
}
