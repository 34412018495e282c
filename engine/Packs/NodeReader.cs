using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Packs;

/// <summary>The nodes of block maps, to be read.</summary>
internal sealed class NodeReader(PackFetcher fetcher) : INodeStore
{
    private readonly MapWindows windows = new(fetcher);

    public async ValueTask<ReadOnlyMemory<byte>> LoadAsync(ChunkId id, CancellationToken ct)
    {
        var at = fetcher.Locate(id);
        if (await windows.FindAsync(at, ct) is { } sealedBytes && await fetcher.TryOpenAsync(PackKind.Map, id, at, sealedBytes, ct) is { } node) return node;
        return await fetcher.ReadAsync(PackKind.Map, id, ct);
    }

    public ValueTask<ChunkId> SaveAsync(ReadOnlyMemory<byte> node, CancellationToken ct) => throw new NotSupportedException("a read session writes nothing");
}
