using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Repositories;

/// <summary>A repository in a store, opened with a key: the one door to its recovery points.</summary>
/// <remarks>Holds the key ring, and an index cache that is brought up to date when a session begins. Safe for calls side by side; any number of processes may
/// have the same repository open (docs/design/concurrency.md).</remarks>
public sealed class Repository : IAsyncDisposable
{
    private const int MaxSyncTries = 8;
    private readonly RepositoryObjects objects;

    private Repository(RepositoryObjects objects, RepositoryConfig config, ChunkIndex index, string cacheFolder, TimeProvider time)
    {
        this.objects = objects;
        Config = config;
        Index = index;
        CacheFolder = cacheFolder;
        Time = time;
        Points = new PointCatalogue(objects);
        Fetcher = new PackFetcher(objects.Store, objects.Keys, index) { Refresh = SyncIndexAsync };
    }

    /// <summary>What the repository's config object says.</summary>
    public RepositoryConfig Config { get; }

    /// <summary>The store that the repository lies in.</summary>
    public IBlobStore Store => objects.Store;

    /// <summary>Fetches chunks by id.</summary>
    public PackFetcher Fetcher { get; }

    internal RepositoryObjects Objects => objects;

    internal PointCatalogue Points { get; }

    internal ChunkIndex Index { get; }

    internal string CacheFolder { get; }

    internal TimeProvider Time { get; }

    /// <summary>Makes a repository in an empty place.</summary>
    /// <param name="store">Nothing may lie in it.</param>
    /// <param name="tenantId">Whose repository it is.</param>
    /// <param name="locks">What may open it: one or more.</param>
    /// <param name="chunking">How disks are cut; fixed for the repository's life.</param>
    /// <param name="ct">Cancels; a place that is half prepared can be prepared again.</param>
    /// <exception cref="EngineException"><see cref="Fault.RepositoryExists"/>: something is there already.</exception>
    public static async Task<RepositoryConfig> InitAsync(IBlobStore store, Guid tenantId, IReadOnlyList<(ISlotLock Lock, string Label)> locks, ChunkingConstants chunking, CancellationToken ct)
    {
        if (locks.Count == 0) throw new EngineException(Fault.InvalidArgument, store.Location, "a repository needs at least one key");
        await foreach (var blob in store.ListAsync("", ct))
        {
            if (!blob.Name.Value.StartsWith("keys/", StringComparison.Ordinal)) throw new EngineException(Fault.RepositoryExists, store.Location, $"holds {blob.Name} already");
        }

        var now = await store.ClockAsync(ct);
        using var ring = KeyRing.Create(tenantId, Guid.CreateVersion7(), now);
        var config = RepositoryConfig.Create(ring, chunking, now);
        foreach (var (slotLock, label) in locks)
        {
            var slot = KeySlot.Create(ring, slotLock, label, now);
            await store.PutAsync(new BlobName(KeySlot.NameOf(slot)), slot, ct);
        }

        // The config is what makes a place a repository: it comes last.
        await PutConfigAsync(store, config.Seal(ring), ct);
        return config;
    }

    /// <summary>Opens a repository.</summary>
    /// <param name="store">Where it lies; disposed with the repository.</param>
    /// <param name="key">Opens one of its key slots.</param>
    /// <param name="cacheFolder">Local folder for what can be made again: index and block tags. Deleting it loses nothing.</param>
    /// <param name="time">Clock of waits and measurements.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="EngineException"><see cref="Fault.NoRepository"/>, <see cref="Fault.NewerFormat"/>, <see cref="Fault.WrongKey"/>,
    /// <see cref="Fault.ForeignRepository"/>, <see cref="Fault.Corrupt"/>, or a fault of the store.</exception>
    public static async Task<Repository> OpenAsync(IBlobStore store, KeySource key, string cacheFolder, TimeProvider time, CancellationToken ct)
    {
        var stored = await ReadConfigAsync(store, ct);
        var ring = await RepositoryKeys.UnlockAsync(store, RepositoryConfig.Parse(stored).RepositoryId, key, ct);
        try
        {
            var config = RepositoryConfig.Verify(stored, ring);
            var own = Path.Combine(cacheFolder, config.RepositoryId.ToString("n"));
            return new Repository(new RepositoryObjects(store, ring), config, ChunkIndex.Open(Path.Combine(own, "index"), config.RepositoryId), own, time);
        }
        catch
        {
            ring.Dispose();
            throw;
        }
    }

    /// <summary>Every manifest, also those that cannot be read or do not hold, the oldest first.</summary>
    public async Task<IReadOnlyList<PointEntry>> ListPointsAsync(CancellationToken ct)
    {
        // The epoch comes after the list: a point that the collector outran must not look whole by an older epoch.
        var names = await Points.ListAsync(CollectorEpoch.None, ct);
        var epoch = await CollectorEpoch.ForReadersAsync(objects, ct);
        return [.. names.Select(entry => entry.Point is null ? entry : entry with { Holds = epoch.Holds(entry.Id, entry.Point.Epoch) })];
    }

    /// <summary>One manifest, also one that cannot be read or does not hold; null when there is none.</summary>
    public async Task<PointEntry?> FindPointAsync(PointId id, CancellationToken ct)
    {
        // The epoch comes after the manifest, as in the list.
        if (await Points.FindAsync(id, CollectorEpoch.None, ct) is not { } entry) return null;
        var epoch = await CollectorEpoch.ForReadersAsync(objects, ct);
        return entry.Point is null ? entry : entry with { Holds = epoch.Holds(entry.Id, entry.Point.Epoch) };
    }

    /// <summary>Begins to write a recovery point.</summary>
    public Task<WriteSession> BeginWriteAsync(WriteRequest request, CancellationToken ct) => WriteSession.BeginAsync(this, request, ct);

    /// <summary>Begins to read; points that are published later are not seen.</summary>
    /// <remarks>A damaged index object does not stand in the way of what the others find.</remarks>
    public async Task<ReadSession> BeginReadAsync(CancellationToken ct)
    {
        try
        {
            await SyncIndexAsync(ct);
        }
        catch (EngineException e) when (e.Fault == Fault.Corrupt)
        {
            // What it alone could find is reported as missing when it is read; rebuilding the index brings it back.
        }

        return new ReadSession(this);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Fetcher.Dispose();
        Index.Dispose();
        objects.Keys.Dispose();
        await objects.Store.DisposeAsync();
    }

    internal async Task SyncIndexAsync(CancellationToken ct)
    {
        var names = await ListIndexAsync(ct);
        for (var tries = 1; ; tries++)
        {
            var gone = false;
            try
            {
                await Index.SyncAsync(names, objects.GetIndexAsync, ct);
            }
            catch (EngineException e) when (e.Fault == Fault.NotFound && tries < MaxSyncTries)
            {
                gone = true;
            }

            // A collector that puts new index objects in the place of old ones: a listing that ran across that may hold neither. Twice the
            // same is one that did not.
            var again = await ListIndexAsync(ct);
            if (!gone && (again.SetEquals(names) || tries >= MaxSyncTries)) return;
            names = again;
        }
    }

    private async Task<HashSet<string>> ListIndexAsync(CancellationToken ct) =>
        [.. (await objects.ListAsync(RepositoryObjects.IndexPrefix, ct)).Select(n => n.Value)];

    private static async Task PutConfigAsync(IBlobStore store, byte[] config, CancellationToken ct)
    {
        try
        {
            await store.PutAsync(new BlobName(RepositoryConfig.Name), config, ct);
        }
        catch (EngineException e) when (e.Fault == Fault.NameTaken)
        {
            throw new EngineException(Fault.RepositoryExists, store.Location, "became a repository meanwhile", e);
        }
    }

    private static async Task<byte[]> ReadConfigAsync(IBlobStore store, CancellationToken ct)
    {
        var name = new BlobName(RepositoryConfig.Name);
        var buffer = new byte[RepositoryConfig.Size + 1];
        try
        {
            var got = await store.ReadAsync(name, 0, buffer, ct);
            return buffer[..got];
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            throw new EngineException(Fault.NoRepository, store.Location, "holds no repository", e);
        }
    }
}
