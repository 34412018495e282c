using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Index;

/// <summary>Which places of chunks are live: one bit for each entry of the index as it was, for garbage collection.</summary>
/// <remarks>Marking runs side by side and beside changes of the index, which it does not see. Disposing of it closes its files.</remarks>
public sealed class MarkSet : IDisposable
{
    private readonly SegmentUse use;
    private readonly PageCache pages;
    private readonly HashSet<PackId> condemned;
    private readonly IReadOnlySet<PackId> gone;
    private readonly PackUnion union;
    private readonly ulong[][] bits;
    private readonly long[] liveBlobs;
    private readonly long[] liveSealedBytes;
    private bool disposed;

    internal MarkSet(SegmentUse use, PageCache pages, HashSet<PackId> condemned, IReadOnlySet<PackId> gone)
    {
        this.gone = gone;
        this.use = use;
        this.pages = pages;
        this.condemned = condemned;
        union = new PackUnion(use.Segments);
        bits = Array.ConvertAll(use.Segments, segment => new ulong[(segment.Count + 63) / 64]);
        liveBlobs = new long[union.Packs.Length];
        liveSealedBytes = new long[union.Packs.Length];
    }

    /// <summary>Marks one place of the chunk: not in a condemned pack if there is another, then in the pack with the most sealed bytes.</summary>
    /// <returns>True when this call marked it; false when it was marked before, or when the index does not hold it (see <see cref="Contains"/>).</returns>
    public bool Mark(ChunkId id)
    {
        var best = new Place(-1, 0, 0, 0);
        foreach (var place in Places(id))
        {
            if (IsSet(place)) return false;
            if (best.Segment < 0 || IsBetter(place.Pack, best.Pack)) best = place;
        }

        // Two threads choose the same place, so the bit alone decides who was first.
        if (best.Segment < 0 || !TrySet(best)) return false;
        Interlocked.Increment(ref liveBlobs[best.Pack]);
        Interlocked.Add(ref liveSealedBytes[best.Pack], best.SealedLength);
        return true;
    }

    /// <summary>True when the index holds the chunk at all: a recovery point that needs one it does not hold is broken.</summary>
    public bool Contains(ChunkId id) => Places(id).Count > 0;

    /// <summary>True when the chunk's place in this pack is the marked one, so that compaction must keep it.</summary>
    public bool IsMarked(ChunkId id, PackId pack) => Places(id).Exists(place => union.Packs[place.Pack].Id == pack && IsSet(place));

    /// <summary>Every pack of the index once, by id, with what is marked in it; packs without any mark too.</summary>
    public IEnumerable<(PackInfo Pack, long LiveBlobs, long LiveSealedBytes)> LivePerPack()
    {
        for (var i = 0; i < union.Packs.Length;)
        {
            var pack = union.Packs[i];
            var (blobs, bytes) = (0L, 0L);
            // Listings that disagree about a pack lie side by side; what is live in one of them is live.
            for (; i < union.Packs.Length && union.Packs[i].Id == pack.Id; i++)
            {
                blobs += Interlocked.Read(ref liveBlobs[i]);
                bytes += Interlocked.Read(ref liveSealedBytes[i]);
            }

            yield return (pack, blobs, bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, true)) return;
        use.Dispose();
    }

    private List<Place> Places(ChunkId id)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var places = new List<Place>(1);
        for (var i = 0; i < use.Segments.Length; i++)
        {
            var segment = use.Segments[i];
            var found = segment.TryFirst(pages, id, out var index, out var entry);
            while (found)
            {
                var row = union.Row(i, entry.Pack);
                if (!gone.Contains(union.Packs[row].Id)) places.Add(new Place(i, index, row, entry.SealedLength));
                found = segment.TryNext(pages, id, ref index, out entry);
            }
        }

        return places;
    }

    private bool IsBetter(uint pack, uint than)
    {
        var (a, b) = (union.Packs[pack], union.Packs[than]);
        var (isCondemned, otherIsCondemned) = (condemned.Contains(a.Id), condemned.Contains(b.Id));
        return isCondemned == otherIsCondemned ? a.SealedBytes > b.SealedBytes : otherIsCondemned;
    }

    private bool IsSet(Place place) => (Volatile.Read(ref bits[place.Segment][place.Index / 64]) & Bit(place)) != 0;

    private bool TrySet(Place place) => (Interlocked.Or(ref bits[place.Segment][place.Index / 64], Bit(place)) & Bit(place)) == 0;

    private static ulong Bit(Place place) => 1UL << (int)(place.Index % 64);

    private readonly record struct Place(int Segment, long Index, uint Pack, uint SealedLength);
}
