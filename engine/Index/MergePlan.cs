namespace HyperBdr.Engine.Index;

/// <summary>Which segments to merge: pure, by their sizes.</summary>
/// <remarks>
/// A segment stays as it is while it is at least twice as large as all smaller ones together, so an entry is rewritten a logarithmic number
/// of times and six segments are enough for a growth of 3^5 from the smallest.
/// </remarks>
internal static class MergePlan
{
    /// <summary>Segments when a sync is over.</summary>
    public const int MaxSegments = 6;

    /// <summary>Segments while a sync loads; each is an open file and 64 KiB while they are merged.</summary>
    public const int MostRuns = 32;

    private const int RunsAtOnce = 24;

    /// <summary>The next merge after loading; empty when there is nothing to do.</summary>
    public static IReadOnlyList<IndexSegment> Next(IEnumerable<IndexSegment> segments)
    {
        var sorted = segments.OrderByDescending(segment => segment.Count).ToArray();
        var from = From([.. sorted.Select(segment => segment.Count)]);
        return sorted[from..];
    }

    /// <summary>The smallest segments, when loading has made many.</summary>
    public static IReadOnlyList<IndexSegment> Runs(IEnumerable<IndexSegment> segments) => [.. segments.OrderBy(segment => segment.Count).Take(RunsAtOnce)];

    /// <summary>First position of the sizes, largest first, that is merged with all after it; the number of sizes when none is.</summary>
    internal static int From(long[] sizes)
    {
        var smaller = sizes.Sum();
        for (var i = 0; i < sizes.Length - 1; i++)
        {
            smaller -= sizes[i];
            if (sizes[i] < 2 * smaller) return i;
        }

        return sizes.Length > MaxSegments ? MaxSegments - 1 : sizes.Length;
    }
}
