using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>Walks all nodes and chunks of maps, for garbage collection and verification.</summary>
public static class MapWalk
{
    private const int LeavesAhead = 8;

    /// <summary>Visits every node and every chunk that a map refers to; the first node that cannot be read ends the walk.</summary>
    /// <remarks>
    /// The callbacks are called one at a time, never at once. A node is entered before it is loaded, leaves some way ahead of
    /// their chunks, so after a failure the nodes entered are not a measure of what was visited: a collector must give up then.
    /// </remarks>
    /// <param name="nodes">Where the nodes are.</param>
    /// <param name="root">The map.</param>
    /// <param name="enterNode">Called with every node that is met; false when its subtree was walked before and shall be passed over.</param>
    /// <param name="chunk">Called with every distinct chunk of every leaf entered; one chunk may come from several leaves.</param>
    /// <exception cref="EngineException"><see cref="Fault.MissingData"/>, <see cref="Fault.Corrupt"/>, <see cref="Fault.NewerFormat"/>, or what the node store says.</exception>
    public static Task VisitAsync(INodeStore nodes, MapRoot root, Func<ChunkId, bool> enterNode, Action<ChunkId> chunk, CancellationToken ct) =>
        WalkAsync(new Walk(nodes, enterNode, Unreadable: null), root, chunk, ct);

    /// <summary>As the other, but tells of each node that is missing, corrupt or newer and goes on with the rest: for verification.</summary>
    /// <param name="unreadable">Called with the node and why it cannot be read.</param>
    public static Task VisitAsync(
        INodeStore nodes, MapRoot root, Func<ChunkId, bool> enterNode, Action<ChunkId> chunk, Action<ChunkId, EngineException> unreadable, CancellationToken ct) =>
        WalkAsync(new Walk(nodes, enterNode, unreadable), root, chunk, ct);

    private static async Task WalkAsync(Walk walk, MapRoot root, Action<ChunkId> chunk, CancellationToken ct)
    {
        MapShape.Check(root);
        var leaves = LeavesAsync(walk, root.Node, root.Level, ct);
        await foreach (var loaded in Ahead.LoadAsync(leaves, LeavesAhead, (id, token) => LoadAsync(walk.Nodes, id, 0, token), ct))
        {
            if (walk.Opened(loaded) is not LeafNode leaf) continue;
            for (var i = 0; i < leaf.Chunks.Length; i++) chunk(leaf.Chunks[i]);
        }
    }

    private static async IAsyncEnumerable<ChunkId> LeavesAsync(Walk walk, ChunkId id, int level, [EnumeratorCancellation] CancellationToken ct)
    {
        if (id.IsHole || !walk.EnterNode(id)) yield break;
        if (level == 0)
        {
            yield return id;
            yield break;
        }

        if (walk.Opened(await LoadAsync(walk.Nodes, id, level, ct)) is not InnerNode node) yield break;
        for (var slot = 0; slot < MapLimits.FanOut; slot++)
        {
            await foreach (var leaf in LeavesAsync(walk, node[slot], level - 1, ct)) yield return leaf;
        }
    }

    private static async Task<Loaded> LoadAsync(INodeStore nodes, ChunkId id, int level, CancellationToken ct)
    {
        try
        {
            return new Loaded(id, await NodeFormat.LoadAsync(nodes, id, level, ct), Failure: null);
        }
        catch (EngineException failure) when (failure.Fault is Fault.MissingData or Fault.Corrupt or Fault.NewerFormat)
        {
            return new Loaded(id, Node: null, failure);
        }
    }

    private readonly record struct Loaded(ChunkId Id, MapNode? Node, EngineException? Failure);

    private sealed record Walk(INodeStore Nodes, Func<ChunkId, bool> EnterNode, Action<ChunkId, EngineException>? Unreadable)
    {
        /// <summary>The node, or null after its failure was told; with nobody to tell, the failure ends the walk.</summary>
        public MapNode? Opened(Loaded loaded)
        {
            if (loaded.Failure is null) return loaded.Node;
            if (Unreadable is null) ExceptionDispatchInfo.Throw(loaded.Failure);
            Unreadable(loaded.Id, loaded.Failure);
            return null;
        }
    }
}
