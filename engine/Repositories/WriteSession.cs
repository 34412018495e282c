using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Sync;

namespace HyperBdr.Engine.Repositories;

/// <summary>Writes one recovery point: disks one after the other, again what changed meanwhile, then the commit. Nothing is listed before <see cref="CommitAsync"/> returns.</summary>
/// <remarks>
/// A session that ends in any other way leaves packs and index objects that the next session uses and the collector removes in time.
/// Not safe for calls side by side; several sessions, in any number of processes, may run at once.
/// </remarks>
public sealed partial class WriteSession : IAsyncDisposable
{
    /// <summary>What the store's clock may go back between a point and the next without being called wrong.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(10);

    /// <summary>How long a session that has failed waits for its last index object.</summary>
    private static readonly TimeSpan LastIndexPatience = TimeSpan.FromSeconds(5);

    private readonly Repository repository;
    private readonly WriteRequest request;
    private readonly CollectorEpoch epoch;
    private readonly PointEntry? parent;
    private readonly BlockHash hash;
    private readonly SessionChunks chunks;
    private readonly PackUploads uploads;
    private readonly List<BlobSink> sinks = [];
    private readonly List<BlobCompressor> compressors = [];
    private readonly BlobSink nodeSink;
    private readonly List<DiskRecord> disks = [];
    private readonly List<TagTable> tags = [];
    private readonly Dictionary<string, TagTable> tagsOf = new(StringComparer.Ordinal);
    private readonly DateTimeOffset begunAt;
    private readonly long begun;
    private DateTimeOffset takenAt;
    private Consistency consistency;

    private WriteSession(Repository repository, WriteRequest request, CollectorEpoch epoch, PointEntry? parent, DateTimeOffset begunAt)
    {
        this.repository = repository;
        this.request = request;
        this.epoch = epoch;
        this.parent = parent;
        this.begunAt = begunAt;
        begun = repository.Time.GetTimestamp();
        takenAt = begunAt;
        consistency = request.Consistency;
        var keys = repository.Objects.Keys;
        var options = request.Options;
        hash = new BlockHash(keys.BlockHashKey[..BlockHash.KeySize]);
        chunks = new SessionChunks(repository.Objects, repository.Index);
        var buffers = new BufferPool<Memory<byte>>(options.Workers + options.Uploads + 1, () => AlignedMemory.Allocate(PackBuilder.BufferSize(options.PackBytes)));
        uploads = new PackUploads(repository.Store, options.Uploads, buffers, Progress, chunks.AddPackAsync);
        for (var i = 0; i < options.Workers; i++) sinks.Add(NewSink(PackKind.Data, options.Compression));
        nodeSink = NewSink(PackKind.Map, Compression.None);
    }

    /// <summary>Counts while the session runs.</summary>
    public SyncProgress Progress { get; } = new();

    /// <summary>The point that is compared with; null for a full read.</summary>
    public PointId? Parent => parent?.Id;

    internal static async Task<WriteSession> BeginAsync(Repository repository, WriteRequest request, CancellationToken ct)
    {
        Check(request);
        // The epoch first: every pack that it condemns is known before the index says what exists.
        var latest = await CollectorEpoch.LatestAsync(repository.Objects, ct);
        var now = await repository.Store.ClockAsync(ct);
        PointEntry? before = null;
        if (request.Parent is { } wanted)
        {
            before = (await repository.ListPointsAsync(ct)).FirstOrDefault(p => p.Id == wanted);
            if (before?.Point is null || !before.Holds) throw new EngineException(Fault.NotFound, $"point {wanted.Abbreviated}", "cannot be compared with: it does not exist or does not hold");
            CheckClock(repository, before.Point.TakenAt, now);
        }

        CheckClock(repository, latest.At, now);
        await repository.SyncIndexAsync(ct);
        repository.Index.Condemn(latest.Condemned.Select(c => c.Id).ToHashSet());
        return new WriteSession(repository, request with { Options = request.Options.Checked() }, latest, before, now);
    }

    /// <summary>Reads a disk and stores what the repository does not have.</summary>
    /// <param name="name">The disk's name, unique in the point; the same name is compared with in the parent.</param>
    /// <param name="source">The disk; not disposed.</param>
    /// <param name="changed">What may differ from the parent, when that is known: nothing else is read.</param>
    /// <param name="ct">Cancels; the session cannot go on after that.</param>
    /// <exception cref="EngineException">The source or the store failed; nothing is published.</exception>
    public async Task AddDiskAsync(string name, IBlockSource source, RangeSet? changed, CancellationToken ct)
    {
        if (name.Length is 0 or > 200 || disks.Exists(d => d.Name == name)) throw new EngineException(Fault.InvalidArgument, name, "a disk's name must be new in its point and have 1 to 200 characters");
        var recorded = parent?.Point!.Disks.FirstOrDefault(d => d.Name == name);
        if (changed is not null && recorded is null) throw new EngineException(Fault.InvalidArgument, name, "a change map needs a parent point with this disk");
        var before = await ParentDisk.WholeOrNoneAsync(repository, recorded, ct);
        Progress.AddTotal(source.Length ?? 0);
        var path = TagTable.PathOf(repository.CacheFolder, request.Host, name);
        using var parentTags = before is null ? null : TagTable.TryOpen(path, repository.Config.RepositoryId, parent!.Id);
        // A table that knows only what a change map named would make everything else look changed.
        var newTags = changed is not null && parentTags is null ? null : TagTable.TryCreate(path, parentTags);
        if (newTags is not null)
        {
            tags.Add(newTags);
            tagsOf[name] = newTags;
        }

        var parts = NewParts();
        var parentMap = before is null ? null : new MapReader(parts.Nodes, before.Map);
        var compare = parentMap is null || parentTags is not null ? null : NewCompare(parentMap);
        var job = new DiskJob(name, source, before, changed, hash, parentTags, newTags, compare);
        disks.Add(await new DiskSync(parts, job, parentMap).RunAsync(ct));
    }

    /// <summary>Makes packs, index and at last the manifest durable.</summary>
    /// <returns>The point, listed and whole.</returns>
    /// <exception cref="EngineException"><see cref="Fault.SessionOutlived"/>: the collector went on twice since the session began, so that what it
    /// refers to may be gone; write it again. Or a fault of the store.</exception>
    public async Task<PointId> CommitAsync(CancellationToken ct)
    {
        if (disks.Count == 0) throw new EngineException(Fault.InvalidArgument, request.Host, "a recovery point needs a disk");
        foreach (var sink in sinks) await sink.FlushAsync(ct);
        await nodeSink.FlushAsync(ct);
        await uploads.DrainAsync();
        await chunks.FlushAsync(ct);
        await CheckEpochAsync(null, ct);
        var point = new RecoveryPoint(request.Host, takenAt, [.. disks], consistency, parent?.Id.ToString(), epoch.Number, request.Tags, Progress.Statistics);
        var id = await repository.Points.PublishAsync(point, ct);
        // A machine that slept between the check and the publication: the same rule that every reader applies decides.
        await CheckPublishedAsync(id, ct);
        foreach (var table in tags) table.Commit(repository.Config.RepositoryId, id);
        return id;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await uploads.DrainAsync();
        }
        catch (Exception e) when (e is EngineException or OperationCanceledException or IOException)
        {
            // The session has failed with it already, or it was given up.
        }

        await KeepForNextAsync();

        foreach (var table in tags) table.Dispose();
        foreach (var sink in sinks) sink.Dispose();
        nodeSink.Dispose();
        foreach (var compressor in compressors) compressor.Dispose();
        uploads.Dispose();
        chunks.Dispose();
    }

    /// <summary>After a failure or a cancellation: what is durable already is indexed, so that the next session need not store it again.</summary>
    private async Task KeepForNextAsync()
    {
        using var patience = new CancellationTokenSource(LastIndexPatience, repository.Time);
        try
        {
            await chunks.FlushAsync(patience.Token);
        }
        catch (Exception e) when (e is EngineException or OperationCanceledException)
        {
            // Nothing is lost but time: the collector removes packs that no index names.
        }
    }

    private static void Check(WriteRequest request)
    {
        if (request.Host.Length is 0 or > 200) throw new EngineException(Fault.InvalidArgument, "host", "must have 1 to 200 characters");
        if (request.Tags.Count > 32 || request.Tags.Any(t => t.Key.Length is 0 or > 200 || t.Value.Length > 200)) throw new EngineException(Fault.InvalidArgument, "tags", "at most 32, of 1 to 200 characters");
    }

    private static void CheckClock(Repository repository, DateTimeOffset before, DateTimeOffset now)
    {
        if (now < before - ClockSlack) throw new EngineException(Fault.ClockJumped, repository.Store.Location, $"the store's clock says {now:u}, but something was published at {before:u}");
    }

    private SessionParts NewParts() =>
        new(request.Options, repository.Config.Chunking, new NodeSink(new NodeReader(repository.Fetcher), nodeSink), sinks, Progress, repository.Time);

    private ParentCompare NewCompare(MapReader map)
    {
        var keys = repository.Objects.Keys;
        return new ParentCompare(map, repository.Fetcher, plain => BlobId.Of(keys, PackKind.Data, plain.Span));
    }

    private BlobSink NewSink(PackKind kind, Compression compression)
    {
        var compressor = new BlobCompressor(compression, request.Options.Level);
        compressors.Add(compressor);
        return new BlobSink(chunks, kind, new PackBuilder(repository.Objects.Keys, kind, compressor, request.Options.PackBytes), uploads, Progress);
    }

    private async Task CheckEpochAsync(PointId? published, CancellationToken ct)
    {
        var latest = await CollectorEpoch.LatestAsync(repository.Objects, ct);
        if (published is { } id && latest.Saw(id)) return;
        if (!latest.Accepts(epoch.Number)) throw Outlived($"the session began in epoch {epoch.Number} and the collector is in {latest.Number}");
        // What was kept of the parent is protected by the parent only as long as a collector sees it.
        if (parent is null) return;
        var holds = latest.Holds(parent.Id, parent.Point!.Epoch) && await repository.Store.FindAsync(PointCatalogue.NameOf(parent.Id), ct) is not null;
        if (!holds) throw Outlived($"its parent {parent.Id.Abbreviated} is no longer there");
    }

    // A point that is not accepted must not stay listed: what it refers to may go.
    private async Task CheckPublishedAsync(PointId id, CancellationToken ct)
    {
        try
        {
            await CheckEpochAsync(id, ct);
        }
        catch (EngineException e) when (e.Fault == Fault.SessionOutlived)
        {
            await repository.Points.DeleteAsync(id, ct);
            throw;
        }
    }

    private EngineException Outlived(string message) => new(Fault.SessionOutlived, request.Host, $"{message}: what it refers to may be gone");
}
