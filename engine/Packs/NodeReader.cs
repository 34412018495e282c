using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Packs;

/// <summary>The nodes of block maps, to be read.</summary>
internal sealed class NodeReader(PackFetcher fetcher) : INodeStore
{
    public async ValueTask<ReadOnlyMemory<byte>> LoadAsync(ChunkId id, CancellationToken ct) => await fetcher.ReadAsync(PackKind.Map, id, ct);

    public ValueTask<ChunkId> SaveAsync(ReadOnlyMemory<byte> node, CancellationToken ct) => throw new NotSupportedException("a read session writes nothing");
}
