using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Index;

/// <summary>Chunk → entry in open tables of 48-byte places, split by the id's lowest prefix bits so that callers seldom meet.</summary>
internal sealed class PendingTable
{
    private const int ShardCount = 16;
    private const uint Reserved = uint.MaxValue;

    private readonly Shard[] shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard())];

    public int Count => shards.Sum(shard => shard.Count);

    public bool TryReserve(ChunkId id)
    {
        var shard = ShardOf(id);
        lock (shard.Gate) return shard.TryAdd(new SegmentEntry(id, Reserved, default(ChunkLocation)));
    }

    public bool TryComplete(in SegmentEntry entry)
    {
        var shard = ShardOf(entry.Id);
        lock (shard.Gate)
        {
            ref var place = ref shard.Find(entry.Id);
            if (place.Id != entry.Id || place.Pack != Reserved) return false;
            place = entry;
            return true;
        }
    }

    public bool TryFind(ChunkId id, PendingPacks packs, out ChunkLocation location)
    {
        var shard = ShardOf(id);
        lock (shard.Gate)
        {
            var place = shard.Find(id);
            var found = place.Id == id && !id.IsHole && place.Pack != Reserved;
            // Under the lock: a pack's number is free for another only after its last entry has left.
            location = found ? place.At(packs[place.Pack]) : default;
            return found;
        }
    }

    /// <summary>Forgets a reservation.</summary>
    public void Release(ChunkId id) => Remove(id, Reserved);

    /// <summary>Forgets the chunk if it is in this pack.</summary>
    public void Remove(ChunkId id, uint pack)
    {
        var shard = ShardOf(id);
        lock (shard.Gate) shard.Remove(id, pack);
    }

    private Shard ShardOf(ChunkId id) => shards[id.Value.Prefix % ShardCount];

    /// <summary>Linear probing; a place without an id is free. At most 7/8 full, grown by a quarter: 55 to 69 bytes for an entry; halved when it empties.</summary>
    private sealed class Shard
    {
        private const int Smallest = 64;

        private SegmentEntry[] places = new SegmentEntry[Smallest];

        public Lock Gate { get; } = new();

        public int Count { get; private set; }

        public bool TryAdd(in SegmentEntry entry)
        {
            ref var place = ref Find(entry.Id);
            if (place.Id == entry.Id) return false;
            place = entry;
            Count++;
            if (Count > places.Length / 8 * 7) Resize(places.Length + (places.Length / 4));
            return true;
        }

        /// <summary>The chunk's place, or the free one where it would be.</summary>
        public ref SegmentEntry Find(ChunkId id) => ref places[PositionOf(id)];

        public void Remove(ChunkId id, uint pack)
        {
            var at = PositionOf(id);
            if (places[at].Id != id || places[at].Pack != pack) return;
            places[at] = default;
            Count--;
            CloseGap(at);
            if (places.Length > Smallest && Count < places.Length / 4) Resize(Math.Max(Smallest, places.Length / 2));
        }

        private int PositionOf(ChunkId id)
        {
            var at = Home(id);
            while (!places[at].Id.IsHole && places[at].Id != id) at = Next(at);
            return at;
        }

        // Entries after the gap move into it unless that would put them before their home.
        private void CloseGap(int gap)
        {
            for (var at = Next(gap); !places[at].Id.IsHole; at = Next(at))
            {
                if (Distance(Home(places[at].Id), at) < Distance(gap, at)) continue;
                places[gap] = places[at];
                places[at] = default;
                gap = at;
            }
        }

        private void Resize(int length)
        {
            var before = places;
            places = new SegmentEntry[length];
            foreach (ref readonly var entry in before.AsSpan())
            {
                if (!entry.Id.IsHole) Find(entry.Id) = entry;
            }
        }

        private int Home(ChunkId id) => (int)Math.BigMul(id.Value.Prefix, (ulong)places.Length, out _);

        private int Next(int at) => at + 1 == places.Length ? 0 : at + 1;

        private int Distance(int from, int to) => to >= from ? to - from : to - from + places.Length;
    }
}
