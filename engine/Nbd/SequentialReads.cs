namespace HyperBdr.Engine.Nbd;

/// <summary>Recognises readers that go through a disk from front to back, and says how far ahead of each to read.</summary>
/// <remarks>Not safe for calls side by side.</remarks>
internal sealed class SequentialReads(int unit, long maxWindow)
{
    /// <summary>Readers that are told apart; one more takes the place of the one that has been quiet longest.</summary>
    private const int Readers = 8;

    private readonly List<Reader> readers = new(Readers);

    /// <summary>Notes a read.</summary>
    /// <returns>What to read ahead; of no length when nothing.</returns>
    public (long Start, long End) Note(long start, long end)
    {
        var index = readers.FindIndex(r => start >= r.Next - Slack(r) && start <= r.Next + Slack(r));
        if (index < 0)
        {
            if (readers.Count == Readers) readers.RemoveAt(0);
            readers.Add(new() { Next = end, AheadTo = end });
            return (end, end);
        }

        var reader = readers[index];
        readers.RemoveAt(index);
        readers.Add(reader);
        if (end <= reader.Next) return (end, end);
        reader.Next = end;
        reader.AheadTo = Math.Max(reader.AheadTo, end);
        // The window opens only when its first half is used up, so that the source is asked for much at once.
        if (reader.AheadTo - end > reader.Window / 2) return (end, end);
        reader.Window = Math.Min(Math.Max(reader.Window * 2, 2L * unit), maxWindow);
        var from = reader.AheadTo;
        reader.AheadTo = end + reader.Window;
        return (from, reader.AheadTo);
    }

    /// <summary>Requests that are under way together arrive out of order.</summary>
    private long Slack(Reader reader) => Math.Max(unit, reader.Window / 2);

    private sealed class Reader
    {
        public long Next { get; set; }

        public long AheadTo { get; set; }

        public long Window { get; set; }
    }
}
