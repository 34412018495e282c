namespace HyperBdr.Engine.Index;

/// <summary>The entries of several segments in one order, with 64 KiB of memory for each.</summary>
internal static class SegmentMerge
{
    private const int BufferPages = 16;
    private const int EntriesBetweenChecks = 8192;

    /// <summary>All entries, with the rows of <paramref name="packs"/>; the same blob listed by two segments comes twice, one after the other.</summary>
    public static IEnumerable<SegmentEntry> Entries(IReadOnlyList<IndexSegment> segments, PackUnion packs, CancellationToken ct)
    {
        var heads = new PriorityQueue<IEnumerator<SegmentEntry>, SegmentEntry>(segments.Count);
        for (var i = 0; i < segments.Count; i++)
        {
            var reader = Read(segments[i], i, packs).GetEnumerator();
            if (reader.MoveNext()) heads.Enqueue(reader, reader.Current);
        }

        for (var count = 1L; heads.TryDequeue(out var reader, out var entry); count++)
        {
            if (count % EntriesBetweenChecks == 0) ct.ThrowIfCancellationRequested();
            yield return entry;
            if (reader.MoveNext()) heads.Enqueue(reader, reader.Current);
        }
    }

    private static IEnumerable<SegmentEntry> Read(IndexSegment segment, int number, PackUnion packs)
    {
        var buffer = new byte[BufferPages * SegmentFormat.PageBytes];
        for (var first = 0; first < segment.PageCount; first += BufferPages)
        {
            var pages = Math.Min(BufferPages, segment.PageCount - first);
            segment.ReadPages(first, buffer.AsSpan(0, pages * SegmentFormat.PageBytes));
            for (var page = 0; page < pages; page++)
            {
                for (var slot = 0; slot < segment.EntriesOn(first + page); slot++)
                {
                    var entry = segment.Checked(buffer.AsSpan(page * SegmentFormat.PageBytes, SegmentFormat.PageBytes), slot);
                    yield return entry.WithPack(packs.Row(number, entry.Pack));
                }
            }
        }
    }
}
