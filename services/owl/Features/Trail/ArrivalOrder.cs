namespace HyperBdr.Owl.Features.Trail;

/// <summary>Gives items back in the order in which the broker delivered them, however their handling threads overtook each other.</summary>
/// <remarks>The broker numbers the deliveries of each consumer 1, 2, 3…; an item is held until every lower number has come. Not thread-safe.</remarks>
internal sealed class ArrivalOrder<T>
    where T : class
{
    private readonly Dictionary<string, Source> sources = new(StringComparer.Ordinal);

    private sealed class Source
    {
        public ulong Next { get; set; } = 1;

        public SortedDictionary<ulong, T?> Held { get; } = [];
    }

    /// <summary>Whether items are held because a lower number is missing.</summary>
    public bool HasGaps => sources.Values.Any(s => s.Held.Count > 0);

    /// <summary>Takes delivery <paramref name="number"/> and puts what may go now into <paramref name="ready"/>.</summary>
    /// <param name="source">The consumer that it was delivered to.</param>
    /// <param name="item">Null for a delivery that counts but holds nothing.</param>
    public void Add(string source, ulong number, T? item, List<T> ready)
    {
        if (!sources.TryGetValue(source, out var from)) sources[source] = from = new Source();
        if (number < from.Next)
        {
            // Its turn was given up before: better late than never.
            if (item is not null) ready.Add(item);
            return;
        }

        from.Held[number] = item;
        while (from.Held.Remove(from.Next, out var next))
        {
            from.Next++;
            if (next is not null) ready.Add(next);
        }
    }

    /// <summary>Waits for missing numbers no longer (a message that nobody could read never comes).</summary>
    public void GiveUpGaps(List<T> ready)
    {
        foreach (var (_, source) in sources.Where(s => s.Value.Held.Count > 0))
        {
            source.Next = source.Held.Keys.Last() + 1;
            ready.AddRange(source.Held.Values.OfType<T>());
            source.Held.Clear();
        }
    }
}
