using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Sync;

/// <summary>Keeps blobs that the repository does not have yet: identify, look up, and only then compress and seal. One caller at a time.</summary>
internal sealed class BlobSink(SessionChunks chunks, PackKind kind, PackBuilder builder, PackUploads uploads, SyncProgress progress) : IDisposable
{
    /// <summary>The blob's id; when this returns the blob is in a pack of this session or of a committed index.</summary>
    /// <param name="plain">1 byte to <see cref="PackLayout.MaxBlobPlain"/>; not used after the return.</param>
    /// <param name="ct">Cancels the wait for an upload.</param>
    public ValueTask<ChunkId> KeepAsync(ReadOnlyMemory<byte> plain, CancellationToken ct)
    {
        var id = BlobId.Of(chunks.Keys, kind, plain.Span);
        if (!chunks.TryReserve(id))
        {
            progress.AddDeduplicated(plain.Length);
            return ValueTask.FromResult(id);
        }

        progress.AddNew(plain.Length);
        return builder.IsEmpty || builder.IsFull ? TurnAsync(id, plain, ct) : ValueTask.FromResult(Add(id, plain));
    }

    /// <summary>Hands the pack that is open to the uploads.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        if (!builder.IsEmpty) await uploads.SubmitAsync(builder.Finish(), ct);
    }

    public void Dispose() => builder.Dispose();

    private async ValueTask<ChunkId> TurnAsync(ChunkId id, ReadOnlyMemory<byte> plain, CancellationToken ct)
    {
        await FlushAsync(ct);
        builder.Begin(await uploads.RentAsync(ct));
        return Add(id, plain);
    }

    private ChunkId Add(ChunkId id, ReadOnlyMemory<byte> plain)
    {
        builder.Add(id, plain.Span);
        return id;
    }
}
