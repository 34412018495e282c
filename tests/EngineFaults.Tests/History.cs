using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Restore;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Sync;
using HyperBdr.Engine.Tests.Maintenance;
using HyperBdr.Engine.Tests.Repositories;
using Shouldly;

namespace HyperBdr.EngineFaults.Tests;

/// <summary>A repository in memory and the ledger of what its points must give back; each point names its content by a tag.</summary>
internal sealed class History : IDisposable
{
    private const string ContentTag = "content";
    private readonly Dictionary<string, byte[]> contents = [];
    private readonly MovedClock clock = new();
    private int caches;

    public RawKey Key { get; } = RawKey.Create();

    public string Root { get; } = Directory.CreateTempSubdirectory("hyperbdr-faults-").FullName;

    public MemoryBlobs Blobs { get; private set; } = new();

    /// <summary>The smallest packs that there are, and one of each kind of worker, so that call numbers mean nearly the same in each run.</summary>
    public static SyncOptions Small { get; } = new() { PackBytes = 1024 * 1024, Workers = 1, Uploads = 1 };

    public static async Task<History> CreateAsync(CancellationToken ct)
    {
        var made = new History();
        await made.InitAsync(made.NewStore(), ct);
        return made;
    }

    public Task InitAsync(IBlobStore store, CancellationToken ct) => Repository.InitAsync(store, Guid.CreateVersion7(), [(Key, "test")], ChunkingConstants.Default, ct);

    /// <summary>The blobs as they are now, to go back to.</summary>
    public Dictionary<string, byte[]> Save() => new(Blobs.ByName);

    public void Load(Dictionary<string, byte[]> saved)
    {
        Blobs = new MemoryBlobs();
        foreach (var (name, bytes) in saved) Blobs.ByName[name] = bytes;
    }

    public IBlobStore NewStore() => new ClockStore(new MemoryStore(Blobs), clock);

    /// <summary>A cache folder that nobody has used.</summary>
    public string NewCache() => Path.Combine(Root, $"cache-{Interlocked.Increment(ref caches)}");

    public Task<Repository> OpenAsync(CancellationToken ct, IBlobStore? store = null, string? cache = null) =>
        Repository.OpenAsync(store ?? NewStore(), Key, cache ?? NewCache(), clock, ct);

    /// <summary>A disk as <see cref="Images"/> makes it, entered into the ledger.</summary>
    public byte[] Disk(string content, int seed, int length)
    {
        var path = Path.Combine(Root, "disk");
        Images.Make(path, seed, length);
        return Enter(content, File.ReadAllBytes(path));
    }

    /// <summary>A changed copy of the disk, with its change map.</summary>
    public (byte[] Disk, RangeSet Changed) Changed(string content, byte[] disk, int seed, int changes, int mostBlocks = 3)
    {
        var path = Path.Combine(Root, "disk");
        File.WriteAllBytes(path, disk);
        var changed = RangeSet.Touching(Images.Change(path, seed, changes, mostBlocks));
        return (Enter(content, File.ReadAllBytes(path)), changed);
    }

    public byte[] Enter(string content, byte[] disk)
    {
        contents[content] = SHA256.HashData(disk);
        return disk;
    }

    public static async Task<PointId> BackUpAsync(Repository repository, Job job, CancellationToken ct)
    {
        var request = new WriteRequest(job.Host) { Parent = job.Parent, Options = job.Options ?? Small, Tags = new Dictionary<string, string> { [ContentTag] = job.Content } };
        await using var source = new MemorySource(job.Disk);
        await using var session = await repository.BeginWriteAsync(request, ct);
        await session.AddDiskAsync("sda", source, job.Changed, ct);
        return await session.CommitAsync(ct);
    }

    /// <summary>Every listed point can be read, holds and comes back as the ledger says.</summary>
    /// <returns>The contents of the listed points.</returns>
    public async Task<List<string>> MustRestoreAsync(Repository repository, CancellationToken ct)
    {
        var found = new List<string>();
        var listed = await repository.ListPointsAsync(ct);
        var session = await repository.BeginReadAsync(ct);
        foreach (var entry in listed)
        {
            entry.Fault.ShouldBeNull();
            entry.Holds.ShouldBeTrue();
            var hash = await RestoreAsync(session, entry.Point!.Disks[0], ct);
            hash.SequenceEqual(HashOf(entry.Point)).ShouldBeTrue($"point {entry.Id} of {entry.Point.Tags[ContentTag]}");
            found.Add(entry.Point.Tags[ContentTag]);
        }

        return found;
    }

    /// <summary>What the ledger says of a point.</summary>
    public byte[] HashOf(RecoveryPoint point) => contents[point.Tags[ContentTag]];

    public static async Task<byte[]> RestoreAsync(ReadSession session, DiskRecord disk, CancellationToken ct)
    {
        using var hash = SHA256.Create();
        await using var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write);
        await using var target = new StreamTarget(stream, "hash");
        await session.Restore(disk, target, new RestoreOptions { Ordered = true }).RunAsync(ct);
        await stream.FlushFinalBlockAsync(ct);
        return hash.Hash!;
    }

    public void Dispose()
    {
        Key.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}

/// <summary>A point to be made.</summary>
internal sealed record Job(string Host, string Content, byte[] Disk, PointId? Parent = null, RangeSet? Changed = null, SyncOptions? Options = null);
