using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.S3Testing;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>A real repository in a folder or on an S3 endpoint, with what the console would hand out for it.</summary>
internal sealed class Pool : IAsyncDisposable
{
    public const string HostName = "db-1";
    private readonly RawKey key = RawKey.Create();
    private readonly string cache;

    private Pool(string folder, S3Server? server) => (Folder, cache, Server) = (Path.Combine(folder, "pool"), Path.Combine(folder, "pool-cache"), server);

    public string Folder { get; }

    public S3Server? Server { get; }

    /// <summary>Changes what the console hands out.</summary>
    public Action<StoreAccess> Access { get; set; } = _ => { };

    public static Task<Pool> InFolderAsync(string folder) => CreateAsync(new Pool(folder, null));

    public static async Task<Pool> OnS3Async(string folder, S3ServerOptions options) => await CreateAsync(new Pool(folder, await S3Server.StartAsync(null, options)));

    public SessionSecret Secret(string sessionId, string parent)
    {
        var secret = new SessionSecret { SessionId = sessionId, HostName = HostName, ParentPointId = parent, RepositoryKey = KeyText.Format(key), Store = Server is null ? new StoreAccess { Kind = "folder", Folder = Folder } : S3Access(Server) };
        Access(secret.Store);
        return secret;
    }

    public async Task<T> ReadAsync<T>(Func<Repository, Task<T>> read)
    {
        await using var repository = await Repository.OpenAsync(Store(), key, cache, TimeProvider.System, TestContext.Current.CancellationToken);
        return await read(repository);
    }

    public Task<IReadOnlyList<PointEntry>> PointsAsync() => ReadAsync(r => r.ListPointsAsync(TestContext.Current.CancellationToken));

    /// <summary>Hashes of the disks of a point, as a restore gives them.</summary>
    public Task<Dictionary<string, string>> RestoredAsync(string pointId) => ReadAsync(async repository =>
    {
        var point = (await repository.ListPointsAsync(TestContext.Current.CancellationToken)).Single(p => p.Id.ToString() == pointId);
        var session = await repository.BeginReadAsync(TestContext.Current.CancellationToken);
        var hashes = new Dictionary<string, string>();
        foreach (var disk in point.Point!.Disks) hashes[disk.Name] = await LoopDisk.Sha256Async(session.OpenDisk(PointId.TryParse(pointId)!.Value, disk));
        return hashes;
    });

    /// <summary>Packs in the repository.</summary>
    public int Packs() => Server is null
        ? Directory.Exists(Path.Combine(Folder, "packs")) ? Directory.EnumerateFiles(Path.Combine(Folder, "packs"), "*", SearchOption.AllDirectories).Count() : 0
        : Server.Keys.Count(k => k.Contains("packs/", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        key.Dispose();
        if (Server is not null) await Server.DisposeAsync();
    }

    private static async Task<Pool> CreateAsync(Pool pool)
    {
        await using var store = pool.Store();
        await Repository.InitAsync(store, Guid.CreateVersion7(), [(pool.key, "test")], ChunkingConstants.Default, TestContext.Current.CancellationToken);
        return pool;
    }

    private static StoreAccess S3Access(S3Server server) => new()
    {
        Kind = "s3",
        Endpoint = server.Endpoint.Authority,
        Region = server.Options.Region,
        Bucket = server.Options.Bucket,
        Prefix = "tenant-1/",
        AccessKey = server.Options.AccessKey,
        SecretKey = server.Options.SecretKey,
        Lookup = "path",
    };

    private IBlobStore Store() => Server is null ? new FolderStore(Folder) : new S3Store(new S3Options
    {
        Endpoint = Server.Endpoint,
        Region = Server.Options.Region,
        Bucket = Server.Options.Bucket,
        Prefix = "tenant-1/",
        AccessKey = Server.Options.AccessKey,
        SecretKey = Server.Options.SecretKey,
    }, transport: null);
}
