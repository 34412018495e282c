using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Index;

/// <summary>The chunks of a running write session: reserved, stored in a pack, and after their index object is durable known to the <see cref="ChunkIndex"/>.</summary>
/// <remarks>All calls run side by side. About 64 bytes for each chunk that no durable index object lists yet.</remarks>
/// <param name="committed">The repository's index.</param>
/// <param name="limit">Chunks from which on <see cref="IsFull"/> asks the session to store an index object.</param>
public sealed class PendingIndex(ChunkIndex committed, int limit = PendingIndex.DefaultLimit)
{
    /// <summary>The limit when none is given: some 16 MiB.</summary>
    public const int DefaultLimit = 262_144;

    private readonly PendingPacks packs = new();
    private readonly PendingTable table = new();

    /// <summary>Chunks that are reserved or stored and in no durable index object.</summary>
    public int Count => table.Count;

    /// <summary>True when the session should store its index object before it takes more chunks; nothing is refused.</summary>
    public bool IsFull => Count >= limit;

    /// <summary>Reserves a chunk for the first who asks.</summary>
    /// <returns>
    /// True: the caller stores the chunk and then calls <see cref="Complete"/> or <see cref="Abandon"/>. False: it is a duplicate, of this
    /// session or of a pack in the index that is not condemned.
    /// </returns>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: a cache file is damaged; nothing is reserved.</exception>
    public bool TryAdd(ChunkId id)
    {
        if (id.IsHole) throw new ArgumentException("a hole is not stored", nameof(id));

        // Reserved first and looked up second: a chunk that moves to the index meanwhile is found in one or the other.
        if (!table.TryReserve(id)) return false;
        var isNew = false;
        try
        {
            isNew = !committed.TryFindReusable(id, out _);
            return isNew;
        }
        finally
        {
            if (!isNew) table.Release(id);
        }
    }

    /// <summary>States where a reserved chunk went.</summary>
    /// <exception cref="InvalidOperationException">The chunk is not reserved.</exception>
    public void Complete(ChunkId id, ChunkLocation location)
    {
        var entry = new SegmentEntry(id, packs.RowOf(location.Pack), location);
        if (!table.TryComplete(entry)) throw new InvalidOperationException($"chunk {id} is not reserved");
    }

    /// <summary>Gives up a reservation, so that the next who asks stores the chunk. Without effect on a chunk that is stored.</summary>
    public void Abandon(ChunkId id) => table.Release(id);

    /// <summary>A place to read from: of this session when it stored the chunk, else of the index; never a mere reservation.</summary>
    public bool TryFind(ChunkId id, out ChunkLocation location) =>
        table.TryFind(id, packs, out location) || committed.TryFind(id, out location);

    /// <summary>Moves what a durable index object lists to the <see cref="ChunkIndex"/>; at no time is one of its chunks in neither.</summary>
    /// <exception cref="EngineException">As <see cref="ChunkIndex.AddOwnAsync"/>; the chunks stay here.</exception>
    public async Task CommittedAsync(string objectName, IReadOnlyList<PackEntry> listed, CancellationToken ct)
    {
        await committed.AddOwnAsync(objectName, listed, ct);
        foreach (var pack in listed)
        {
            if (!packs.TryRow(pack.Id, out var row)) continue;
            foreach (var blob in pack.Blobs) table.Remove(blob.Id, row);
            packs.Free(pack.Id);
        }
    }
}
