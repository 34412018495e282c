using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Sync;

namespace HyperBdr.EngineFaults.Tests.Damage;

/// <summary>A small repository with every structure that a repository has, to be damaged.</summary>
internal static class Target
{
    /// <summary>Points that it has.</summary>
    public const int Points = 4;

    public static async Task<History> MakeAsync(CancellationToken ct)
    {
        var history = await History.CreateAsync(ct);
        var disk = history.Disk("first", 11, 900_000);
        var first = await AddAsync(history, new Job("one", "first", disk), Compression.Zstd, ct);
        var (second, changed) = history.Changed("second", disk, 12, 6);
        await AddAsync(history, new Job("one", "second", second, first, changed), Compression.Lz4, ct);
        await AddAsync(history, new Job("two", "third", history.Disk("third", 13, 300_001)), Compression.None, ct);
        await using (var repository = await history.OpenAsync(ct)) await Collector.RunAsync(repository, new CollectPolicy(), new CollectProgress(), ct);
        await RotateAsync(history, ct);
        var (last, _) = history.Changed("fourth", second, 14, 6);
        await AddAsync(history, new Job("one", "fourth", last), Compression.Zstd, ct);
        return history;
    }

    private static async Task<PointId> AddAsync(History history, Job job, Compression compression, CancellationToken ct)
    {
        await using var repository = await history.OpenAsync(ct);
        return await History.BackUpAsync(repository, job with { Options = new SyncOptions { PackBytes = 1024 * 1024, Workers = 2, Compression = compression } }, ct);
    }

    private static async Task RotateAsync(History history, CancellationToken ct)
    {
        await using var repository = await history.OpenAsync(ct);
        var next = KeyRotation.AddSealEpoch(repository.Objects.Keys, await repository.Store.ClockAsync(ct));
        using var ring = next.Ring;
        await repository.Store.PutAsync(new BlobName(next.LinkName), next.Link, ct);
    }
}
