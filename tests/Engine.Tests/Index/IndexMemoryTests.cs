using System.Diagnostics;
using System.Globalization;
using HyperBdr.Engine.Index;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Index;

/// <summary>What only shows when nothing else runs in the process.</summary>
[CollectionDefinition(nameof(IndexMemoryTests), DisableParallelization = true)]
[Collection(nameof(IndexMemoryTests))]
public class IndexMemoryTests(ITestOutputHelper output)
{
    private const int Big = 1 << 20;

    [Fact]
    public void A_full_table_costs_some_64_bytes_for_each_chunk()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var pending = new PendingIndex(index);
        for (var i = 0; i < PendingIndex.DefaultLimit; i++) pending.TryAdd(Packed.Chunk(i));
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)pending.Count;
        bytes.ShouldBeInRange(48, 72);
    }

    [Fact]
    public async Task A_million_entries_are_built_found_and_kept_in_little_memory()
    {
        using var folder = new IndexFolder();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var index = folder.Open();
        var clock = Stopwatch.StartNew();
        await index.SyncAsync(
            [.. Enumerable.Range(0, Big / 65_536).Select(i => $"{i}")],
            (name, _) => Task.FromResult(Object(int.Parse(name, CultureInfo.InvariantCulture))),
            TestContext.Current.CancellationToken);
        output.WriteLine($"built in {clock.ElapsedMilliseconds} ms, {folder.SegmentPaths.Count()} segments");
        index.Count.ShouldBe(Big);
        index.Dispose();

        var cpu = Environment.CpuUsage.TotalTime;
        using var opened = folder.Open();
        output.WriteLine($"opened in {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds} ms CPU");
        var (hits, misses) = (Lookups(opened, 0), Lookups(opened, Big));
        hits.Found.ShouldBe(hits.Asked);
        misses.Found.ShouldBe(0);
        output.WriteLine($"{hits.Microseconds:0.00} us CPU a hit, {misses.Microseconds:0.00} us a miss");
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{held / 1024} KiB held");
        held.ShouldBeLessThan(16L << 20);
        hits.Bytes.ShouldBeLessThan(4L << 20);

        opened.Entries().Count().ShouldBe(Big);
        using var marks = opened.CreateMarks();
        for (var i = 0; i < 1000; i++) marks.Mark(Packed.Chunk(i * 1000)).ShouldBeTrue();
        marks.LivePerPack().Sum(row => row.LiveBlobs).ShouldBe(1000);
    }

    private static byte[] Object(int number) => IndexObject.Encode(
        [.. Enumerable.Range(0, 16).Select(pack => Packed.Entry((number * 16) + pack, Enumerable.Range((number * 65_536) + (pack * 4096), 4096)))]);

    private static (int Asked, int Found, double Microseconds, long Bytes) Lookups(ChunkIndex index, int from)
    {
        const int step = 7;
        var ids = Enumerable.Range(0, Big / step).Select(i => Packed.Chunk(from + (i * step))).ToArray();
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var cpu = Environment.CpuUsage.TotalTime;
        var found = 0;
        foreach (var id in ids)
        {
            if (index.TryFind(id, out _)) found++;
        }

        return (ids.Length, found, (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / ids.Length, GC.GetAllocatedBytesForCurrentThread() - bytes);
    }
}
