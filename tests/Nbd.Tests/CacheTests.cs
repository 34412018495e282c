using System.Collections.Concurrent;
using HyperBdr.Engine;
using HyperBdr.Engine.Nbd;
using Shouldly;
using Xunit;

namespace HyperBdr.Nbd.Tests;

public sealed class CacheTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Readers_of_one_unit_cause_one_read_of_the_source()
    {
        var reads = 0;
        var gate = new TaskCompletionSource();
        var disk = new MemoryDisk(MemoryDisk.WithData(8, 1).Bytes)
        {
            Reading = async (_, _, _) =>
            {
                Interlocked.Increment(ref reads);
                await gate.Task;
            },
        };
        await using var cache = new CachedSource(disk);
        var readers = Enumerable.Range(0, 32).Select(async i =>
        {
            var block = new byte[4096];
            await cache.ReadAsync((1 << 20) + i % 16 * 4096, block, None);
            block.ShouldBe(disk.Bytes.AsSpan((1 << 20) + i % 16 * 4096, 4096).ToArray());
        }).ToArray();
        gate.SetResult();
        await Task.WhenAll(readers);

        await cache.ReadAsync(1 << 20, new byte[65536], None);
        // One for the unit, and one or two for what sequential reading fetched ahead.
        reads.ShouldBeInRange(1, 3);
    }

    [Fact]
    public async Task Every_byte_is_right_when_many_read_more_than_the_cache_holds()
    {
        var disk = new MemoryDisk(MemoryDisk.WithData(24, [.. Enumerable.Range(0, 24)]).Bytes[..^1536]) { Reading = async (_, _, _) => await Task.Yield() };
        await using var cache = new CachedSource(disk, new() { CapacityBytes = 1 << 20, FetchBytes = 256 << 10, UnitBytes = 16 << 10 });

        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            var buffer = new byte[2 << 20];
            for (var i = 0; i < 150; i++)
            {
                var offset = random.Next(0, (24 << 20) / 4096) * 4096;
                var size = (seed % 2 == 0 ? random.Next(1, 16) : random.Next(1, 512)) * 4096;
                var got = await cache.ReadAsync(offset, buffer.AsMemory(0, size), None);
                got.ShouldBe(Math.Min(size, disk.Bytes.Length - offset));
                buffer.AsSpan(0, got).SequenceEqual(disk.Bytes.AsSpan(offset, got)).ShouldBeTrue();
            }
        })));
    }

    [Fact]
    public async Task A_failed_read_is_told_and_not_remembered()
    {
        var broken = true;
        var disk = new MemoryDisk(MemoryDisk.WithData(4, 0).Bytes)
        {
            Reading = (offset, _, _) => broken ? throw new EngineException(Fault.SourceUnreadable, $"memory@{offset}", "broken") : default,
        };
        await using var cache = new CachedSource(disk);

        (await Should.ThrowAsync<EngineException>(async () => await cache.ReadAsync(0, new byte[4096], None))).Fault.ShouldBe(Fault.SourceUnreadable);
        broken = false;
        (await cache.ReadAsync(0, new byte[4096], None)).ShouldBe(4096);
    }

    [Fact]
    public async Task Reading_front_to_back_through_a_server_keeps_several_reads_of_the_source_in_flight()
    {
        await using var scratch = new Scratch();
        var (running, most) = (0, 0);
        var several = new TaskCompletionSource();
        var disk = new MemoryDisk(MemoryDisk.WithData(256, [.. Enumerable.Range(0, 256)]).Bytes)
        {
            // The later reads wait for each other: they only end when the cache has asked for four at once.
            Reading = async (offset, _, ct) =>
            {
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (now >= 4) several.TrySetResult();
                if (offset >= 64 << 20) await several.Task.WaitAsync(ct);
                Interlocked.Decrement(ref running);
            },
        };
        await using var cache = new CachedSource(disk);
        var client = await scratch.ConnectAsync(scratch.Serve(cache));

        // One reader that waits for each answer, as a restore or a guest's own read-ahead does.
        var buffer = new byte[1 << 20];
        for (var at = 0L; at < 256 << 20; at += buffer.Length) await client.ReadAsync(at, buffer, None);

        most.ShouldBeGreaterThanOrEqualTo(4);
    }

    [Fact]
    public async Task A_cached_block_comes_without_the_source()
    {
        await using var scratch = new Scratch();
        var reads = 0;
        var disk = new MemoryDisk(MemoryDisk.WithData(16, [.. Enumerable.Range(0, 16)]).Bytes)
        {
            Reading = (_, _, _) =>
            {
                Interlocked.Increment(ref reads);
                return ValueTask.CompletedTask;
            },
        };
        await using var cache = new CachedSource(disk);
        var client = await scratch.ConnectAsync(scratch.Serve(cache));
        await client.ReadAsync(0, new byte[16 << 20], None);
        var before = Volatile.Read(ref reads);

        for (var i = 0; i < 4096; i++) await client.ReadAsync(i * 4096L, new byte[4096], None);

        Volatile.Read(ref reads).ShouldBe(before);
    }

    [Fact]
    public async Task What_one_boot_read_is_fetched_for_the_next_one_in_that_order()
    {
        var trace = new ReadTrace();
        await using var first = new CachedSource(MemoryDisk.WithData(64, 1, 2, 50), new() { Trace = trace });
        var order = new long[] { 700, 3, 4, 5, 800, 20, 21, 600 };
        foreach (var unit in order) await first.ReadAsync(unit * 65536, new byte[4096], None);
        await using var scratch = new Scratch();
        trace.ToProfile(first).Save(scratch.Path("profile"));

        var read = new ConcurrentQueue<long>();
        var disk = new MemoryDisk(64 << 20)
        {
            Reading = (offset, _, _) =>
            {
                read.Enqueue(offset / 65536);
                return default;
            },
        };
        await using var second = new CachedSource(disk);
        var profile = BootProfile.Load(scratch.Path("profile"));
        profile.Units.ShouldBe(order);
        await using (var prefetcher = new Prefetcher(second, profile)) await prefetcher.Done;

        read.Order().ShouldBe([3, 20, 600, 700, 800]);
        read.Clear();
        foreach (var unit in order) await second.ReadAsync(unit * 65536, new byte[4096], None);
        read.ShouldAllBe(unit => !order.Contains(unit));
    }

    [Fact]
    public async Task Prefetching_stays_within_half_of_the_cache_and_ends_when_it_is_told_to()
    {
        var bytes = 0L;
        var disk = new MemoryDisk(64 << 20)
        {
            Reading = (_, size, _) =>
            {
                Interlocked.Add(ref bytes, size);
                return default;
            },
        };
        await using var cache = new CachedSource(disk, new() { CapacityBytes = 8 << 20 });
        await using (var prefetcher = new Prefetcher(cache, new(65536, 64 << 20, [.. Enumerable.Range(0, 1024).Select(i => (long)i * 7 % 1024)])))
        {
            prefetcher.Done.IsCompleted.ShouldBeFalse();
        }

        bytes.ShouldBeLessThanOrEqualTo(4 << 20);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most)) Interlocked.CompareExchange(ref most, value, seen);
    }
}
