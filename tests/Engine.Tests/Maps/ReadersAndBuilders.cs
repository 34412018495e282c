using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maps;

public sealed class ReadersAndBuilders
{
    private const int Leaf = MapLimits.LeafBlocks;
    private const int Leaves = 100;
    private const long Length = Leaves * Leaf * 4096L;

    [Fact]
    public async Task Reading_in_sequence_keeps_four_loads_in_flight_and_no_more()
    {
        var nodes = new MemoryNodes();
        var root = await DenseAsync(nodes);
        var held = new TaskCompletionSource();
        var four = new TaskCompletionSource();
        var begun = 0;
        nodes.BeforeLoad = id =>
        {
            if (id == root.Node) return Task.CompletedTask;
            if (Interlocked.Increment(ref begun) == 4) four.SetResult();
            return held.Task;
        };
        var reading = new MapReader(nodes, root).ExtentsAsync(0, long.MaxValue, default).CountAsync().AsTask();
        await four.Task.WaitAsync(TimeSpan.FromSeconds(30));
        held.SetResult();
        (await reading).ShouldBe(Leaves * 2);
        nodes.MostInFlight.ShouldBe(4);
        nodes.Loads.ShouldBe(Leaves + 1);
    }

    [Fact]
    public async Task A_reader_that_stops_early_leaves_nothing_running_and_a_later_one_reads_on()
    {
        var nodes = new MemoryNodes();
        var map = new MapReader(nodes, await DenseAsync(nodes));
        (await map.ExtentsAsync(0, long.MaxValue, default).Take(3).CountAsync()).ShouldBe(3);
        nodes.Loads.ShouldBeLessThanOrEqualTo(1 + 5 + 4);
        (await map.ExtentsAsync(0, long.MaxValue, default).CountAsync()).ShouldBe(Leaves * 2);
    }

    [Fact]
    public async Task Readers_that_want_the_same_node_share_one_load_and_none_is_cancelled_with_another()
    {
        var nodes = new MemoryNodes();
        var map = new MapReader(nodes, await DenseAsync(nodes));
        var held = new TaskCompletionSource();
        nodes.BeforeLoad = _ => held.Task;
        using var gone = new CancellationTokenSource();
        var cancelled = map.FindAsync(5, gone.Token).AsTask();
        var others = Enumerable.Range(0, 8).Select(_ => Task.Run(() => map.FindAsync(5, default).AsTask())).ToList();
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(cancelled);
        held.SetResult();
        (await Task.WhenAll(others)).ShouldAllBe(e => e.Block == 0 && e.Chunk == NaiveDisk.IdOf(1));
        nodes.Loads.ShouldBe(2);
    }

    [Fact]
    public async Task Many_readers_at_once_see_the_same_map()
    {
        var nodes = new MemoryNodes { BeforeLoad = async _ => await Task.Yield() };
        var map = new MapReader(nodes, await DenseAsync(nodes), cachedNodes: 16);
        await Parallel.ForAsync(0, 2000, async (i, ct) =>
        {
            var leaf = i * 37 % Leaves;
            (await map.FindAsync((leaf * Leaf) + 9, ct)).ShouldBe(new MapExtent(leaf * Leaf, 64, NaiveDisk.IdOf(leaf + 1), 0));
        });
    }

    [Fact]
    public async Task The_memory_of_a_reader_is_bounded()
    {
        var nodes = new MemoryNodes();
        var map = new MapReader(nodes, await DenseAsync(nodes), cachedNodes: 16);
        for (var pass = 0; pass < 2; pass++)
        {
            nodes.TakeLoads();
            for (var leaf = 0; leaf < Leaves; leaf++) await map.FindAsync(leaf * Leaf, default);
            // The root stays because every find uses it; of the leaves only the last ones do.
            nodes.TakeLoads().ShouldBe(Leaves + (pass == 0 ? 1 : 0));
        }

        for (var leaf = Leaves - 15; leaf < Leaves; leaf++) await map.FindAsync(leaf * Leaf, default);
        nodes.TakeLoads().ShouldBe(0);
    }

    [Fact]
    public async Task A_load_that_failed_is_tried_anew()
    {
        var nodes = new MemoryNodes();
        var map = new MapReader(nodes, await DenseAsync(nodes));
        nodes.BeforeLoad = id => throw new EngineException(Fault.StoreUnavailable, id.ToString(), "busy");
        (await Should.ThrowAsync<EngineException>(map.FindAsync(5, default).AsTask())).Fault.ShouldBe(Fault.StoreUnavailable);
        nodes.BeforeLoad = null;
        (await map.FindAsync(5, default)).Count.ShouldBe(64);
    }

    [Fact]
    public async Task A_node_in_the_place_of_another_level_is_corrupt()
    {
        var nodes = new MemoryNodes();
        var root = await DenseAsync(nodes);
        var wrong = new MapRoot(await nodes.SaveAsync(InnerFormat.Encode(2, [root.Node, root.Node]), default), 2, 1L << 31);
        (await new MapReader(nodes, wrong).FindAsync(0, default)).Count.ShouldBe(64);
        var children = new ChunkId[MapLimits.FanOut];
        children[0] = await nodes.SaveAsync(InnerFormat.Encode(2, [root.Node]), default);
        var worse = wrong with { Node = await nodes.SaveAsync(InnerFormat.Encode(2, children), default) };
        (await Should.ThrowAsync<EngineException>(new MapReader(nodes, worse).FindAsync(0, default).AsTask())).Fault.ShouldBe(Fault.Corrupt);
        Should.Throw<EngineException>(() => new MapReader(nodes, root with { Level = 2 })).Fault.ShouldBe(Fault.Corrupt);
        Should.Throw<EngineException>(() => new MapReader(nodes, root with { Length = -1 })).Fault.ShouldBe(Fault.Corrupt);
        Should.Throw<EngineException>(() => new MapReader(nodes, root with { Length = long.MaxValue })).Fault.ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public async Task A_walk_ends_at_a_missing_node_or_tells_of_it_and_goes_on()
    {
        var nodes = new MemoryNodes();
        var root = await DenseAsync(nodes);
        var lost = await new MapReader(nodes, root).NodesAsync(default).ElementAtAsync(50);
        nodes.Nodes.TryRemove(lost, out _);
        var failure = await Should.ThrowAsync<EngineException>(MapWalk.VisitAsync(nodes, root, _ => true, _ => { }, default));
        failure.Fault.ShouldBe(Fault.MissingData);

        HashSet<ChunkId> chunks = [];
        var told = new List<(ChunkId, Fault)>();
        await MapWalk.VisitAsync(nodes, root, _ => true, id => chunks.Add(id), (id, why) => told.Add((id, why.Fault)), default);
        told.ShouldBe([(lost, Fault.MissingData)]);
        chunks.Count.ShouldBe(Leaves - 1);

        // A store that is away says nothing about the nodes in it.
        nodes.BeforeLoad = id => throw new EngineException(Fault.StoreUnavailable, id.ToString(), "away");
        await Should.ThrowAsync<EngineException>(MapWalk.VisitAsync(nodes, root, _ => true, _ => { }, (_, _) => { }, default));
    }

    [Fact]
    public async Task A_builder_takes_only_what_adjoins()
    {
        var builder = new MapBuilder(new MemoryNodes(), parent: null);
        var chunk = NaiveDisk.IdOf(1);
        await builder.AppendAsync(new MapExtent(0, 10, chunk, 0), default);
        foreach (var block in new long[] { -1, 0, 9, 11 })
            await Should.ThrowAsync<InvalidOperationException>(builder.AppendAsync(new MapExtent(block, 1, chunk, 0), default).AsTask());
        foreach (var (count, at) in new[] { (0, 0), (-1, 0), (1, -1), (65, 0), (1, 64), (int.MaxValue, 1) })
            await Should.ThrowAsync<ArgumentException>(builder.AppendAsync(new MapExtent(10, count, chunk, at), default).AsTask());
        await Should.ThrowAsync<ArgumentException>(builder.AppendAsync(new MapExtent(10, 1, default, 1), default).AsTask());
        await Should.ThrowAsync<InvalidOperationException>(builder.KeepAsync(9, default).AsTask());
        await Should.ThrowAsync<ArgumentException>(builder.AppendHoleAsync(-1, default).AsTask());
        await Should.ThrowAsync<ArgumentException>(builder.AppendHoleAsync(long.MaxValue, default).AsTask());
        await Should.ThrowAsync<InvalidOperationException>(builder.FinishAsync(11 * 4096, default).AsTask());
        (await builder.FinishAsync((10 * 4096) - 1, default)).Level.ShouldBe(0);
        await Should.ThrowAsync<InvalidOperationException>(builder.AppendHoleAsync(1, default).AsTask());
    }

    [Fact]
    public async Task A_builder_whose_store_failed_cannot_be_finished()
    {
        var nodes = new MemoryNodes { BeforeSave = () => throw new EngineException(Fault.StoreFull, "nodes", "no room") };
        var builder = new MapBuilder(nodes, parent: null);
        await builder.AppendHoleAsync(Leaf - 1, default);
        await Should.ThrowAsync<EngineException>(builder.AppendAsync(new MapExtent(Leaf - 1, 1, NaiveDisk.IdOf(1), 0), default).AsTask());
        nodes.BeforeSave = null;
        await Should.ThrowAsync<InvalidOperationException>(builder.FinishAsync(builder.Position * 4096, default).AsTask());
    }

    [Fact]
    public async Task Statistics_tell_the_fragmented_leaf()
    {
        var nodes = new MemoryNodes();
        var builder = new MapBuilder(nodes, new MapReader(nodes, await DenseAsync(nodes)));
        await builder.KeepAsync(3 * Leaf, default);
        for (var i = 0; i < 500; i++) await builder.AppendAsync(new MapExtent((3 * Leaf) + i, 1, NaiveDisk.IdOf(1 + (i % 2)), 5), default);
        await builder.KeepAsync(Leaves * Leaf, default);
        var map = new MapReader(nodes, await builder.FinishAsync(Length, default));
        (await MapStats.LeavesAsync(map, (2 * Leaf) + 7, Leaf, default).ToListAsync())
            .ShouldBe([new LeafStats(2 * Leaf, 1, 1, 64), new LeafStats(3 * Leaf, 500, 2, 500)]);
        (await MapStats.OfAsync(map, default)).ShouldBe(new MapStats(Leaves, Leaves - 1 + 500, ((Leaves - 1) * 64) + 500, 500));
    }

    /// <summary>A disk whose every leaf begins with 64 blocks of a chunk of its own.</summary>
    private static async Task<MapRoot> DenseAsync(MemoryNodes nodes)
    {
        var builder = new MapBuilder(nodes, parent: null);
        for (var leaf = 0; leaf < Leaves; leaf++)
        {
            await builder.AppendAsync(new MapExtent(leaf * Leaf, 64, NaiveDisk.IdOf(leaf + 1), 0), default);
            await builder.AppendHoleAsync(Leaf - 64, default);
        }

        return await builder.FinishAsync(Length, default);
    }
}
