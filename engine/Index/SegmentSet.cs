namespace HyperBdr.Engine.Index;

/// <summary>The segments that lookups use together. A set stays open while somebody uses it, even when the index has moved on.</summary>
internal sealed class SegmentSet
{
    private int users = 1;

    public SegmentSet(IEnumerable<IndexSegment> segments)
    {
        // The largest first: most chunks are there.
        Segments = [.. segments.OrderByDescending(segment => segment.Count)];
        foreach (var segment in Segments) segment.Hold();
    }

    public IndexSegment[] Segments { get; }

    /// <returns>False when the set is closed already.</returns>
    public bool TryEnter()
    {
        for (var seen = Volatile.Read(ref users); seen > 0;)
        {
            var before = Interlocked.CompareExchange(ref users, seen + 1, seen);
            if (before == seen) return true;
            seen = before;
        }

        return false;
    }

    public void Exit()
    {
        if (Interlocked.Decrement(ref users) > 0) return;
        foreach (var segment in Segments) segment.Release();
    }
}
