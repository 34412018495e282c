using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Sync;

/// <summary>The map nodes of a write session: the parent's are read, new ones go into packs of their own. One writer at a time.</summary>
internal sealed class NodeSink(INodeStore parents, BlobSink sink) : INodeStore
{
    public ValueTask<ReadOnlyMemory<byte>> LoadAsync(ChunkId id, CancellationToken ct) => parents.LoadAsync(id, ct);

    public ValueTask<ChunkId> SaveAsync(ReadOnlyMemory<byte> node, CancellationToken ct) => sink.KeepAsync(node, ct);
}
