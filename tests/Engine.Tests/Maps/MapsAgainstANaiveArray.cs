using CsCheck;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maps;

public sealed class MapsAgainstANaiveArray
{
    private const int Leaf = MapLimits.LeafBlocks;
    private const int Level1 = MapLimits.LeafBlocks * MapLimits.FanOut;

    /// <summary>A step of a build; what it means for the position at hand is <see cref="BuildAsync"/>'s.</summary>
    private sealed record Step(int Kind, int Size, int Chunk, int At, int Scale);

    private sealed record Version(long Length, Step[] Steps);

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Int[0, 9], Gen.Int[1, 64], Gen.Int[1, 12], Gen.Int[0, 63], OneOf(1, 1, 30, 33, 2048, 4100),
        (kind, size, chunk, at, scale) => new Step(kind, size, chunk, at, scale));

    private static Gen<int> OneOf(params int[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Gen<Version[]> Versions(params int[] blocks) =>
        Gen.Select(OneOf(blocks), OneOf(0, 1, 4095), Steps.Array[0, 60], (count, less, steps) => new Version(Math.Max(0, (count * 4096L) - less), steps))
            .Array[1, 4];

    [Fact]
    public Task Small_disks_read_as_they_were_written() =>
        Versions(0, 1, 2, 100, 2047, 2048, 2049, 4096, 5000, 9000).SampleAsync(CheckAsync, iter: 400, threads: 1);

    [Fact]
    public Task Disks_of_several_levels_read_as_they_were_written() =>
        Versions(2048, 3000, Level1 - 1, Level1, Level1 + 1, Level1 + 5000, (2 * Level1) + 77).SampleAsync(CheckAsync, iter: 20, threads: 1);

    private static async Task CheckAsync(Version[] versions)
    {
        var nodes = new MemoryNodes();
        (NaiveDisk Disk, MapRoot Root)? before = null;
        foreach (var version in versions)
        {
            var disk = new NaiveDisk(version.Length);
            var root = await BuildAsync(nodes, version, disk, before);
            await CheckReadsAsync(nodes, root, disk, version.Steps.Length);
            (await RebuildAsync(disk)).ShouldBe(root, "equal content, equal nodes");
            await CheckWalkAsync(nodes, root, disk);
            if (before is { } last)
            {
                (await MapDiff.RangesAsync(nodes, last.Root, root, default).ToListAsync()).ShouldBe(NaiveDisk.Difference(last.Disk, disk));
                (await MapDiff.RangesAsync(nodes, root, last.Root, default).ToListAsync()).ShouldBe(NaiveDisk.Difference(last.Disk, disk));
            }

            before = (disk, root);
        }

        foreach (var (id, bytes) in nodes.Nodes) NodeBytes.Encode(NodeFormat.Decode(id, bytes)).ShouldBe(bytes);
    }

    private static async Task<MapRoot> BuildAsync(MemoryNodes nodes, Version version, NaiveDisk disk, (NaiveDisk Disk, MapRoot Root)? before)
    {
        var builder = new MapBuilder(nodes, before is null ? null : new MapReader(nodes, before.Value.Root));
        var end = disk.Cells.Length;
        var at = 0;
        foreach (var step in version.Steps)
        {
            var count = Math.Min(end - at, step.Kind < 6 ? step.Size : step.Size * step.Scale);
            if (count == 0) break;
            if (step.Kind < 6) await DataAsync(step, count);
            else if (step.Kind == 6) await HoleAsync(count);
            else await KeepAsync(count);
        }

        if (version.Steps.Length % 2 == 0) await KeepAsync(end - at);
        else await HoleAsync(end - at);
        return await builder.FinishAsync(version.Length, default);

        async Task DataAsync(Step step, int count)
        {
            // Every other run goes on where the one before ended, as two halves of one extent do.
            var last = at == 0 ? default : disk.Cells[at - 1];
            var goesOn = step.Kind % 2 == 0 && last.Chunk != 0 && last.At < 63;
            var (chunk, from) = goesOn ? (last.Chunk, last.At + 1) : (step.Chunk, step.At);
            count = Math.Min(count, 64 - from);
            disk.Fill(at, count, chunk, from);
            await builder.AppendAsync(new MapExtent(at, count, NaiveDisk.IdOf(chunk), from), default);
            at += count;
        }

        async Task HoleAsync(int count)
        {
            if (count > 0 && count % 3 == 0) await builder.AppendAsync(new MapExtent(at, count, default, 0), default);
            else await builder.AppendHoleAsync(count, default);
            at += count;
        }

        async Task KeepAsync(int count)
        {
            var from = before?.Disk.Cells ?? [];
            for (var i = at; i < at + count && i < from.Length; i++) disk.Cells[i] = from[i];
            at += count;
            await builder.KeepAsync(at, default);
        }
    }

    /// <summary>The same disk in other pieces, from nothing.</summary>
    private static async Task<MapRoot> RebuildAsync(NaiveDisk disk)
    {
        var builder = new MapBuilder(new MemoryNodes(), parent: null);
        foreach (var extent in disk.Extents(0, disk.Cells.Length))
        {
            var half = extent.Count / 2;
            if (half > 0) await builder.AppendAsync(extent with { Count = half }, default);
            var at = extent.IsHole ? 0 : extent.ChunkBlock + half;
            await builder.AppendAsync(new MapExtent(extent.Block + half, extent.Count - half, extent.Chunk, at), default);
        }

        return await builder.FinishAsync(disk.Length, default);
    }

    private static async Task CheckReadsAsync(MemoryNodes nodes, MapRoot root, NaiveDisk disk, int salt)
    {
        var map = new MapReader(nodes, root);
        var blocks = disk.Cells.Length;
        map.Blocks.ShouldBe(blocks);
        (await map.ExtentsAsync(0, long.MaxValue, default).ToListAsync()).ShouldBe(disk.Extents(0, blocks));
        foreach (var first in new[] { 0, 1, salt * 97, Leaf - 1, Leaf, blocks - 1, blocks })
        {
            foreach (var count in new[] { 0, 1, 63, Leaf + 5 })
            {
                if (first < 0) continue;
                var extents = await map.ExtentsAsync(first, count, default).ToListAsync();
                extents.ShouldBe(disk.Extents(Math.Min(first, blocks), Math.Min(blocks, first + count)));
            }

            if (first < 0 || first >= blocks) continue;
            var found = await map.FindAsync(first, default);
            (found.Block <= first && first < found.End && found.End <= blocks && disk.Holds(found)).ShouldBeTrue($"{first}: {found}");
        }
    }

    private static async Task CheckWalkAsync(MemoryNodes nodes, MapRoot root, NaiveDisk disk)
    {
        HashSet<ChunkId> entered = [], chunks = [];
        await MapWalk.VisitAsync(nodes, root, entered.Add, id => chunks.Add(id), default);
        chunks.ShouldBe(disk.Cells.Select(c => c.Chunk).Where(c => c != 0).Distinct().Select(NaiveDisk.IdOf), ignoreOrder: true);
        (await new MapReader(nodes, root).NodesAsync(default).Distinct().ToListAsync()).ShouldBe(entered, ignoreOrder: true);

        var stats = await MapStats.OfAsync(new MapReader(nodes, root), default);
        stats.DataBlocks.ShouldBe(disk.Cells.Count(c => c.Chunk != 0));
        var runs = disk.Cells.Chunk(Leaf).Select((_, i) => disk.Extents(i * Leaf, Math.Min((i + 1) * Leaf, disk.Cells.Length)).Count(e => !e.IsHole)).ToList();
        (stats.Leaves, stats.Extents, stats.MostExtents).ShouldBe((runs.Count(r => r > 0), runs.Sum(), runs.Append(0).Max()));
    }
}
