using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Sync;

/// <summary>What a session may refer to without storing it, and what it has stored itself. Safe for calls side by side.</summary>
internal sealed class SessionChunks(RepositoryObjects objects, ChunkIndex index) : IDisposable
{
    /// <summary>Packs after which an index object is written: at first, and at the latest.</summary>
    private const int MinPacksPerIndex = 4, MaxPacksPerIndex = 64;

    /// <summary>A session that is killed loses no more than this part of its packs: index objects grow with it, so that they stay few.</summary>
    private const int PartAtRisk = 16;

    private readonly PendingIndex pending = new(index);
    private readonly List<PackEntry> unindexed = [];
    private readonly SemaphoreSlim writing = new(1);
    private int packs;

    public KeyRing Keys => objects.Keys;

    /// <summary>True when the caller is the one who stores the blob; false when it exists or somebody else of this session stores it.</summary>
    public bool TryReserve(ChunkId id) => pending.TryAdd(id);

    /// <summary>A pack is durable: its blobs go into the next index object.</summary>
    public async Task AddPackAsync(PackEntry pack, CancellationToken ct)
    {
        await writing.WaitAsync(ct);
        try
        {
            Complete(pack);
            unindexed.Add(pack);
            packs++;
            if (unindexed.Count >= Math.Clamp(packs / PartAtRisk, MinPacksPerIndex, MaxPacksPerIndex) || unindexed.Sum(p => p.Blobs.Count) > IndexObject.MaxBlobs - PackLayout.MaxBlobsPerPack) await WriteIndexAsync(ct);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Returns when every durable pack is in a durable index object.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        await writing.WaitAsync(ct);
        try
        {
            await WriteIndexAsync(ct);
        }
        finally
        {
            writing.Release();
        }
    }

    public void Dispose() => writing.Dispose();

    private void Complete(PackEntry pack)
    {
        var offset = (uint)PackLayout.HeaderSize;
        for (var slot = 0; slot < pack.Blobs.Count; slot++)
        {
            var blob = pack.Blobs[slot];
            offset += PackLayout.BlobHeaderSize;
            pending.Complete(blob.Id, new ChunkLocation(pack.Id, offset, blob.SealedLength, blob.PlainLength, (uint)slot, blob.Compression));
            offset += blob.SealedLength;
        }
    }

    private async Task WriteIndexAsync(CancellationToken ct)
    {
        if (unindexed.Count == 0) return;
        PackEntry[] indexed = [.. unindexed];
        var name = await objects.PutIndexAsync(indexed, ct);
        await pending.CommittedAsync(name, indexed, ct);
        unindexed.Clear();
    }
}
