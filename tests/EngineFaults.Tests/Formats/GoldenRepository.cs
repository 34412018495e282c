using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Sync;

namespace HyperBdr.EngineFaults.Tests.Formats;

/// <summary>Writes the golden repository of the format's current version; run on purpose only, by <c>HYPERBDR_UPDATE_GOLDEN=1</c>.</summary>
/// <remarks>A version that was released is never written again: its folder is what an old program left behind.</remarks>
internal static class GoldenRepository
{
    public const string Passphrase = "golden passphrase of format 1";

    public static string FolderOf(int version) => Path.Combine(Places.Project, "golden", $"v{version}");

    public static string Store(string folder) => Path.Combine(folder, "repository");

    public static string Key(string folder) => Path.Combine(folder, "key");

    /// <summary>Lines of content and SHA-256, one for each point.</summary>
    public static string Sums(string folder) => Path.Combine(folder, "sums");

    public static async Task WriteAsync(string folder, CancellationToken ct)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        using var history = new History();
        KeyFile.Create(Key(folder), history.Key);
        using var passphrase = new Passphrase(Passphrase);
        await using (var store = new FolderStore(Store(folder)))
        {
            await Repository.InitAsync(store, Guid.CreateVersion7(), [(history.Key, "key file"), (passphrase, "passphrase")], ChunkingConstants.Default, ct);
        }

        var contents = await FillAsync(history, folder, ct);
        await File.WriteAllLinesAsync(Sums(folder), contents.Select(c => $"{c.Key} {Convert.ToHexStringLower(SHA256.HashData(c.Value))}"), ct);
        Directory.Delete(Path.Combine(Store(folder), ".tmp"), recursive: true);
    }

    private static async Task<Dictionary<string, byte[]>> FillAsync(History history, string folder, CancellationToken ct)
    {
        var first = history.Disk("first", 41, 180_000);
        var parent = await AddAsync(history, folder, new Job("one", "first", first), Compression.Zstd, ct);
        var (second, changed) = history.Changed("second", first, 42, 3, mostBlocks: 2);
        parent = await AddAsync(history, folder, new Job("one", "second", second, parent, changed), Compression.Lz4, ct);
        // Holes of every kind: at the begin, in the middle, at the end, and in the whole disk.
        var third = history.Enter("third", [.. new byte[90_000], .. history.Disk("part", 43, 60_001), .. new byte[1_000_000]]);
        await AddAsync(history, folder, new Job("two", "third", third), Compression.None, ct);
        await using (var repository = await OpenAsync(history, folder, ct)) await Collector.RunAsync(repository, new CollectPolicy(), new CollectProgress(), ct);
        await RotateAsync(history, folder, ct);
        var fourth = history.Enter("fourth", second[..100_000]);
        await AddAsync(history, folder, new Job("one", "fourth", fourth, parent), Compression.Zstd, ct);
        var fifth = history.Enter("fifth", new byte[3_000_000]);
        await AddAsync(history, folder, new Job("three", "fifth", fifth), Compression.Zstd, ct);
        return new Dictionary<string, byte[]> { ["first"] = first, ["second"] = second, ["third"] = third, ["fourth"] = fourth, ["fifth"] = fifth };
    }

    private static Task<Repository> OpenAsync(History history, string folder, CancellationToken ct) =>
        Repository.OpenAsync(new FolderStore(Store(folder)), history.Key, history.NewCache(), TimeProvider.System, ct);

    private static async Task<PointId> AddAsync(History history, string folder, Job job, Compression compression, CancellationToken ct)
    {
        await using var repository = await OpenAsync(history, folder, ct);
        return await History.BackUpAsync(repository, job with { Options = new SyncOptions { Workers = 1, Compression = compression } }, ct);
    }

    private static async Task RotateAsync(History history, string folder, CancellationToken ct)
    {
        await using var repository = await OpenAsync(history, folder, ct);
        var next = KeyRotation.AddSealEpoch(repository.Objects.Keys, await repository.Store.ClockAsync(ct));
        using var ring = next.Ring;
        await repository.Store.PutAsync(new BlobName(next.LinkName), next.Link, ct);
    }
}
