using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>The nodes that were used last, decoded; readers that want the same node at the same time share one load. Thread-safe.</summary>
internal sealed class NodeCache(INodeStore store, int capacity)
{
    private readonly Lock gate = new();
    private readonly Dictionary<ChunkId, LinkedListNode<Entry>> kept = [];
    private readonly LinkedList<Entry> byUse = new();
    private readonly Dictionary<ChunkId, Lazy<Task<MapNode>>> loading = [];

    /// <summary>A node that must be of this level.</summary>
    public ValueTask<MapNode> GetAsync(ChunkId id, int level, CancellationToken ct)
    {
        Lazy<Task<MapNode>>? load;
        lock (gate)
        {
            if (kept.TryGetValue(id, out var entry))
            {
                byUse.Remove(entry);
                byUse.AddFirst(entry);
                return new(NodeFormat.Require(id, level, entry.Value.Node));
            }

            if (!loading.TryGetValue(id, out load))
            {
                // Lazy, because the store must not be called under the lock.
                load = new(() => LoadAsync(id));
                loading.Add(id, load);
            }
        }

        return WaitAsync(id, level, load, ct);
    }

    private static async ValueTask<MapNode> WaitAsync(ChunkId id, int level, Lazy<Task<MapNode>> load, CancellationToken ct) =>
        NodeFormat.Require(id, level, await load.Value.WaitAsync(ct));

    /// <summary>Not cancelled with the reader that began it: others may wait for the same node.</summary>
    private async Task<MapNode> LoadAsync(ChunkId id)
    {
        try
        {
            var node = NodeFormat.Decode(id, (await store.LoadAsync(id, CancellationToken.None)).Span);
            lock (gate) Keep(id, node);
            return node;
        }
        finally
        {
            lock (gate) loading.Remove(id);
        }
    }

    private void Keep(ChunkId id, MapNode node)
    {
        kept[id] = byUse.AddFirst(new Entry(id, node));
        if (kept.Count <= capacity) return;
        kept.Remove(byUse.Last!.Value.Id);
        byUse.RemoveLast();
    }

    private readonly record struct Entry(ChunkId Id, MapNode Node);
}
