using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Places of blobs that are known not to be readable, so that a chunk counts as lost only when it has no other. Safe for calls side by side.</summary>
internal sealed class BadPlaces(ChunkIndex index)
{
    private readonly Lock gate = new();
    private readonly Dictionary<PackId, HashSet<ChunkId>?> packs = [];

    /// <summary>Nothing of this pack can be read.</summary>
    public void Add(PackId pack)
    {
        lock (gate) packs[pack] = null;
    }

    public void Add(PackVerdict verdict)
    {
        if (verdict.BadSlots.Count == 0) return;
        lock (gate)
        {
            if (!packs.TryGetValue(verdict.Pack.Id, out var bad)) packs[verdict.Pack.Id] = bad = [];
            foreach (var slot in verdict.BadSlots) bad?.Add(verdict.Pack.Blobs[slot].Id);
        }
    }

    /// <summary>A place that may be readable; false when the chunk is lost.</summary>
    public bool TryFind(ChunkId id, out ChunkLocation at)
    {
        if (!index.TryFind(id, out at)) return false;
        if (IsGood(at.Pack, id)) return true;
        foreach (var other in index.FindAll(id))
        {
            if (!IsGood(other.Pack, id)) continue;
            at = other;
            return true;
        }

        return false;
    }

    private bool IsGood(PackId pack, ChunkId id)
    {
        lock (gate) return !packs.TryGetValue(pack, out var bad) || (bad is not null && !bad.Contains(id));
    }
}
