using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Restore;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Sync;

namespace HyperBdr.Engine.Tests.Repositories;

/// <summary>A repository in a folder of its own, with its key and cache.</summary>
internal sealed class TestRepository : IDisposable
{
    private readonly RawKey key = RawKey.Create();

    public string Root { get; } = Directory.CreateTempSubdirectory("hyperbdr-repository-").FullName;

    public string Folder => Path.Combine(Root, "store");

    public string Cache => Path.Combine(Root, "cache");

    /// <summary>Small packs, so that a few MiB make several.</summary>
    public static SyncOptions SmallPacks { get; } = new() { PackBytes = 1024 * 1024, Workers = 2 };

    public static async Task<TestRepository> CreateAsync(CancellationToken ct)
    {
        var made = new TestRepository();
        Directory.CreateDirectory(made.Folder);
        await using var store = new FolderStore(made.Folder);
        await Repository.InitAsync(store, Guid.CreateVersion7(), [(made.key, "test")], ChunkingConstants.Default, ct);
        return made;
    }

    public Task<Repository> OpenAsync(CancellationToken ct) => OpenAsync(new FolderStore(Folder), ct);

    public Task<Repository> OpenAsync(IBlobStore store, CancellationToken ct) => Repository.OpenAsync(store, key, Cache, TimeProvider.System, ct);

    public static async Task<PointId> BackUpAsync(Repository repository, string image, PointId? parent, RangeSet? changed, CancellationToken ct)
    {
        await using var source = FileSource.Open(image);
        await using var session = await repository.BeginWriteAsync(new WriteRequest("web-1") { Parent = parent, Options = SmallPacks }, ct);
        await session.AddDiskAsync("sda", source, changed, ct);
        return await session.CommitAsync(ct);
    }

    public static async Task<DiskRecord> DiskAsync(Repository repository, PointId id, CancellationToken ct) =>
        (await repository.ListPointsAsync(ct)).Single(p => p.Id == id).Point!.Disks[0];

    public async Task<byte[]> RestoreAsync(Repository repository, PointId id, RestoreOptions options, CancellationToken ct)
    {
        var path = Path.Combine(Root, "restored");
        File.Delete(path);
        await RestoreToAsync(repository, id, path, options, ct);
        return SHA256.HashData(await File.ReadAllBytesAsync(path, ct));
    }

    public static async Task RestoreToAsync(Repository repository, PointId id, string path, RestoreOptions options, CancellationToken ct)
    {
        var session = await repository.BeginReadAsync(ct);
        await using var target = FileTarget.Open(path, ExistingFile.Keep);
        await session.Restore(await DiskAsync(repository, id, ct), target, options).RunAsync(ct);
    }

    public long StoredBytes() => new DirectoryInfo(Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    public void Dispose()
    {
        key.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
