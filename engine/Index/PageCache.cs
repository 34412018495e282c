namespace HyperBdr.Engine.Index;

/// <summary>A fixed number of pages in memory, each place with a lock of its own; a page has one place it can be at.</summary>
/// <remarks>A thread holds one lease at a time: two pages may share a place. Ids are hashes, so a cleverer policy would find nothing to keep.</remarks>
internal sealed class PageCache
{
    private readonly Place[] places;

    /// <param name="pages">A power of two.</param>
    public PageCache(int pages)
    {
        places = new Place[pages];
        foreach (ref var place in places.AsSpan()) place = new Place();
    }

    /// <summary>The page, checked, until the lease is disposed of.</summary>
    public Lease Take(IndexSegment segment, int page)
    {
        var place = places[unchecked(((uint)segment.Number * 0x9E3779B1u) + (uint)page) & (uint)(places.Length - 1)];
        place.Gate.Enter();
        var taken = false;
        try
        {
            place.Fill(segment, page);
            taken = true;
        }
        finally
        {
            if (!taken) place.Gate.Exit();
        }

        return new Lease(place);
    }

    public readonly ref struct Lease(Place place)
    {
        public ReadOnlySpan<byte> Bytes => place.Bytes;

        public void Dispose() => place.Gate.Exit();
    }

    internal sealed class Place
    {
        private int number;
        private int page;

        public Lock Gate { get; } = new();

        public byte[] Bytes { get; private set; } = [];

        public void Fill(IndexSegment segment, int wanted)
        {
            if (number == segment.Number && page == wanted) return;
            if (Bytes.Length == 0) Bytes = new byte[SegmentFormat.PageBytes];
            number = 0;
            segment.ReadPages(wanted, Bytes);
            (number, page) = (segment.Number, wanted);
        }
    }
}
