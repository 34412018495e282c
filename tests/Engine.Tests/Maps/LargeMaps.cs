using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maps;

public sealed class LargeMaps
{
    private const long MiB = 1L << 20;
    private const long GiB = 1L << 30;
    private const long TiB = 1L << 40;
    private const int Leaf = MapLimits.LeafBlocks;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(8 * MiB, 0)]
    [InlineData((8 * MiB) + 1, 1)]
    [InlineData(GiB, 1)]
    [InlineData(GiB + 1, 2)]
    [InlineData(128 * GiB, 2)]
    [InlineData(TiB, 3)]
    [InlineData(16 * TiB, 3)]
    [InlineData((16 * TiB) + 1, 4)]
    [InlineData(2048 * TiB, 4)]
    public async Task A_root_is_as_low_as_the_disk_allows_and_an_empty_disk_has_no_node(long length, int level)
    {
        var nodes = new MemoryNodes();
        var root = await SparseAsync(nodes, length, []);
        root.ShouldBe(new MapRoot(default, level, length));
        nodes.Nodes.ShouldBeEmpty();
        var extents = await new MapReader(nodes, root).ExtentsAsync(0, long.MaxValue, default).ToListAsync();
        extents.Sum(e => (long)e.Count).ShouldBe(Block.CountFor(length));
        extents.Count.ShouldBe((int)((Block.CountFor(length) + (1 << 30) - 1) >> 30));
        nodes.Loads.ShouldBe(0);
    }

    [Fact]
    public async Task A_sparse_disk_of_1_TiB_opens_and_finds_with_4_loads()
    {
        var nodes = new MemoryNodes();
        long[] filled = [0, 5_000_000, 200_000_000, (TiB / 4096) - 1];
        var root = await SparseAsync(nodes, TiB, filled);
        foreach (var block in filled)
        {
            var map = new MapReader(nodes, root);
            (await map.FindAsync(block, default)).ShouldBe(new MapExtent(block, 1, NaiveDisk.IdOf(1), 0));
            nodes.TakeLoads().ShouldBe(4);
            await map.FindAsync(block, default);
            nodes.TakeLoads().ShouldBe(0);
        }

        var extents = await new MapReader(nodes, root).ExtentsAsync(0, long.MaxValue, default).ToListAsync();
        extents.Select(e => e.Block).ShouldBe([0, 1, 5_000_000, 5_000_001, 200_000_000, 200_000_001, (TiB / 4096) - 1]);
    }

    [Fact]
    public async Task A_change_of_one_block_writes_a_node_per_level_and_loads_only_its_path()
    {
        var nodes = new MemoryNodes();
        const long blocks = 130 * GiB / 4096;
        var root = await SparseAsync(nodes, 130 * GiB, EveryLeaf(blocks));
        root.Level.ShouldBe(3);
        foreach (var changed in new[] { 0, 12_345_678, blocks - 1 })
        {
            var before = nodes.Nodes.Count;
            nodes.TakeLoads();
            var builder = new MapBuilder(nodes, new MapReader(nodes, root));
            await builder.KeepAsync(changed, default);
            await builder.AppendAsync(new MapExtent(changed, 1, NaiveDisk.IdOf(77), 3), default);
            await builder.KeepAsync(blocks, default);
            var next = await builder.FinishAsync(130 * GiB, default);

            (nodes.Nodes.Count - before).ShouldBe(root.Level + 1);
            // The path to the changed block, and the second path to the disk's end, which is not where a node of level 3 ends.
            nodes.TakeLoads().ShouldBeLessThanOrEqualTo(2 * (root.Level + 1));
            (await MapDiff.RangesAsync(nodes, root, next, default).ToListAsync()).ShouldBe([new BlockRange(changed, 1)]);
            nodes.TakeLoads().ShouldBe(2 * (root.Level + 1));
        }
    }

    [Fact]
    public async Task A_second_map_is_walked_only_where_it_differs()
    {
        var nodes = new MemoryNodes();
        const long blocks = 2 * GiB / 4096;
        var first = await SparseAsync(nodes, 2 * GiB, EveryLeaf(blocks));
        var builder = new MapBuilder(nodes, new MapReader(nodes, first));
        await builder.KeepAsync(1000, default);
        await builder.AppendAsync(new MapExtent(1000, 1, NaiveDisk.IdOf(77), 3), default);
        await builder.KeepAsync(blocks, default);
        var second = await builder.FinishAsync(2 * GiB, default);

        HashSet<ChunkId> seen = [], chunks = [];
        await MapWalk.VisitAsync(nodes, first, seen.Add, id => chunks.Add(id), default);
        nodes.TakeLoads();
        await MapWalk.VisitAsync(nodes, second, seen.Add, id => chunks.Add(id), default);
        nodes.Loads.ShouldBe(second.Level + 1);
        chunks.ShouldContain(NaiveDisk.IdOf(77));
        seen.ShouldBe(nodes.Nodes.Keys, ignoreOrder: true);
    }

    [Fact]
    public async Task Growing_adds_levels_above_and_shrinking_takes_them_away()
    {
        var nodes = new MemoryNodes();
        var small = await SparseAsync(nodes, 8 * MiB, [7]);
        var grown = await ResizeAsync(small, 300 * GiB);
        nodes.Nodes.Count.ShouldBe(1 + 3, "the leaf, and a node on each level above it");
        (await new MapReader(nodes, grown).NodesAsync(default).ToListAsync())[^1].ShouldBe(small.Node);
        (await MapDiff.RangesAsync(nodes, small, grown, default).ToListAsync()).ShouldBeEmpty();
        (await ResizeAsync(grown, 8 * MiB)).ShouldBe(small);

        var cut = await ResizeAsync(grown, 7 * 4096);
        cut.ShouldBe(new MapRoot(default, 0, 7 * 4096));
        (await ResizeAsync(cut, 300 * GiB)).Node.IsHole.ShouldBeTrue("what was cut away does not come back");

        async Task<MapRoot> ResizeAsync(MapRoot from, long length)
        {
            var builder = new MapBuilder(nodes, new MapReader(nodes, from));
            await builder.KeepAsync(Block.CountFor(length), default);
            return await builder.FinishAsync(length, default);
        }
    }

    [Fact]
    public async Task What_a_node_says_of_blocks_past_the_end_of_its_disk_is_never_taken_over()
    {
        var nodes = new MemoryNodes();
        var whole = await SparseAsync(nodes, 8 * MiB, [7, 100]);
        var map = new MapReader(nodes, whole with { Length = 50 * 4096 });
        (await map.ExtentsAsync(0, long.MaxValue, default).ToListAsync())[^1].End.ShouldBe(50);
        var builder = new MapBuilder(nodes, map);
        await builder.KeepAsync(Leaf, default);
        (await builder.FinishAsync(8 * MiB, default)).ShouldBe(await SparseAsync(nodes, 8 * MiB, [7]));
    }

    [Fact]
    public async Task A_clone_made_apart_shares_every_node()
    {
        var nodes = new MemoryNodes();
        var filled = EveryLeaf(GiB / 4096).ToList();
        var first = await SparseAsync(nodes, GiB, filled);
        var count = nodes.Nodes.Count;
        (await SparseAsync(nodes, GiB, filled)).ShouldBe(first);
        nodes.Nodes.Count.ShouldBe(count);
    }

    /// <summary>One block in each leaf, a different chunk each.</summary>
    private static IEnumerable<long> EveryLeaf(long blocks)
    {
        for (long leaf = 0; leaf < blocks / Leaf; leaf++) yield return (leaf * Leaf) + (leaf % Leaf);
    }

    private static async Task<MapRoot> SparseAsync(MemoryNodes nodes, long length, IEnumerable<long> filled)
    {
        var builder = new MapBuilder(nodes, parent: null);
        var chunk = 0;
        foreach (var block in filled)
        {
            await builder.AppendHoleAsync(block - builder.Position, default);
            await builder.AppendAsync(new MapExtent(block, 1, NaiveDisk.IdOf(filled is long[] ? 1 : 100 + chunk++), 0), default);
        }

        await builder.AppendHoleAsync(Block.CountFor(length) - builder.Position, default);
        return await builder.FinishAsync(length, default);
    }
}
