using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Sync;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Stores;

/// <summary>Random histories of a disk against a ledger: whatever it was compared with and whatever cache there was, each point is what the disk was.</summary>
public sealed class RandomHistories
{
    private const int Steps = 16;
    private const int MaxBlocks = 500;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_point_is_what_the_disk_was()
    {
        for (var seed = 0; seed < Scale.Runs(30, 600); seed++)
        {
            try
            {
                await RunAsync(seed);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                throw new InvalidOperationException($"seed {seed}", e);
            }
        }
    }

    private static async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        using var history = await History.CreateAsync(Ct);
        // As several machines have it, and one that goes back to an older state of its own.
        string[] caches = [history.NewCache(), history.NewCache()];
        var disk = history.Disk("start", seed, random.Next(MaxBlocks * Block.Size));
        var made = new List<(PointId Id, byte[] Disk)>();
        for (var step = 0; step < Steps; step++)
        {
            disk = history.Enter($"{step}", Next(random, disk, made));
            (PointId Id, byte[] Disk)? parent = made.Count == 0 || random.Next(8) == 0 ? null : made[random.Next(6) == 0 ? random.Next(made.Count) : made.Count - 1];
            var changed = parent is { } with && random.Next(3) == 0 ? Differences(with.Disk, disk, random) : null;
            var options = new SyncOptions { PackBytes = 1024 * 1024, Workers = random.Next(1, 4), Compression = (Compression)random.Next(3) };
            await using var repository = await history.OpenAsync(Ct, cache: random.Next(8) == 0 ? history.NewCache() : caches[random.Next(5) == 0 ? 1 : 0]);
            made.Add((await History.BackUpAsync(repository, new Job("one", $"{step}", disk, parent?.Id, changed, options), Ct), disk));
        }

        await using var last = await history.OpenAsync(Ct);
        (await history.MustRestoreAsync(last, Ct)).Count.ShouldBe(Steps);
    }

    private static byte[] Next(Random random, byte[] disk, List<(PointId Id, byte[] Disk)> made)
    {
        var next = disk.ToArray();
        switch (random.Next(8))
        {
            case 0 or 1 or 2 when made.Count > 0:
                // Back to what it was, wholly or in a part.
                var old = made[random.Next(made.Count)].Disk;
                if (random.Next(2) == 0) return old.ToArray();
                var end = random.Next(Math.Min(old.Length, next.Length) + 1);
                old.AsSpan(0, end).CopyTo(next);
                return next;
            case 3 or 4:
                Array.Resize(ref next, random.Next(next.Length + 1));
                return next;
            case 5:
                Array.Resize(ref next, Math.Min(MaxBlocks * Block.Size, next.Length + random.Next(100 * Block.Size)));
                break;
        }

        for (var writes = random.Next(12); writes > 0 && next.Length > 0; writes--)
        {
            var at = random.Next(next.Length);
            var part = next.AsSpan(at, Math.Min(next.Length - at, random.Next(1, 12 * Block.Size)));
            if (random.Next(3) == 0) part.Clear();
            else if (random.Next(3) == 0) next.AsSpan(random.Next(next.Length - part.Length + 1), part.Length).ToArray().CopyTo(part);
            else random.NextBytes(part);
        }

        return next;
    }

    // What differs, and sometimes more, as trackers report it; what is beyond the older end nobody reports.
    private static RangeSet Differences(byte[] before, byte[] after, Random random)
    {
        var ranges = new List<ByteRange>();
        var common = Math.Min(before.Length, after.Length);
        for (var at = 0; at < common; at += Block.Size)
        {
            var length = Math.Min(Block.Size, common - at);
            if (random.Next(20) == 0 || !before.AsSpan(at, length).SequenceEqual(after.AsSpan(at, length))) ranges.Add(new ByteRange(at, length));
        }

        return RangeSet.Touching(ranges);
    }
}
