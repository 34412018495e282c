using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Sync;
using Shouldly;

namespace HyperBdr.Engine.Tests.Maintenance;

/// <summary>A repository whose store keeps a clock that the test moves.</summary>
internal sealed class World : IDisposable
{
    private readonly RawKey key = RawKey.Create();
    private int opened;

    public string Root { get; } = Directory.CreateTempSubdirectory("hyperbdr-maintenance-").FullName;

    public string Folder => Path.Combine(Root, "store");

    public MovedClock Clock { get; } = new();

    public MemoryBlobs? Memory { get; private init; }

    /// <summary>What was published, with the bytes that it must give back.</summary>
    public ConcurrentDictionary<PointId, byte[]> Published { get; } = new();

    public static async Task<World> CreateAsync(CancellationToken ct, bool inMemory = false)
    {
        var world = new World { Memory = inMemory ? new MemoryBlobs() : null };
        Directory.CreateDirectory(world.Folder);
        await using var store = world.NewStore();
        await Repository.InitAsync(store, Guid.CreateVersion7(), [(world.key, "test")], ChunkingConstants.Default, ct);
        return world;
    }

    public IBlobStore NewStore() => new ClockStore(Memory is null ? new FolderStore(Folder) : new MemoryStore(Memory), Clock);

    /// <summary>As another machine would: with a cache of its own.</summary>
    public Task<Repository> OpenAsync(CancellationToken ct, IBlobStore? store = null) =>
        Repository.OpenAsync(store ?? NewStore(), key, Path.Combine(Root, $"cache-{Interlocked.Increment(ref opened)}"), Clock, ct);

    public async Task<PointId> BackUpAsync(Repository repository, byte[] disk, PointId? parent, CancellationToken ct, string host = "web-1")
    {
        await using var session = await repository.BeginWriteAsync(new WriteRequest(host) { Parent = parent, Options = new SyncOptions { PackBytes = 1024 * 1024, Workers = 1, Uploads = 1 } }, ct);
        await using var source = new MemorySource(disk);
        await session.AddDiskAsync("sda", source, null, ct);
        var id = await session.CommitAsync(ct);
        Published[id] = disk;
        return id;
    }

    /// <summary>Every published point comes back as it was, on a machine that has no cache.</summary>
    public async Task MustRestoreAsync(CancellationToken ct)
    {
        await using var repository = await OpenAsync(ct);
        var listed = (await repository.ListPointsAsync(ct)).Where(p => p.Holds).ToDictionary(p => p.Id);
        var session = await repository.BeginReadAsync(ct);
        foreach (var (id, disk) in Published)
        {
            listed.ShouldContainKey(id);
            await using var source = session.OpenDisk(id, listed[id].Point!.Disks[0]);
            var read = new byte[Block.CountFor(disk.Length) * Block.Size];
            (await source.ReadAsync(0, read, ct)).ShouldBe(disk.Length);
            read.AsSpan(0, disk.Length).SequenceEqual(disk).ShouldBeTrue($"point {id.Abbreviated}");
        }
    }

    public async Task<List<BlobInfo>> ListAsync(string prefix, CancellationToken ct)
    {
        await using var store = NewStore();
        return await store.ListAsync(prefix, ct).ToListAsync(ct);
    }

    public void Dispose()
    {
        key.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}

/// <summary>Time since the test began, and what the test adds.</summary>
internal sealed class MovedClock : TimeProvider
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> put = new();
    private long ticks = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero).Ticks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public void Move(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

    public void Put(BlobName name) => put.TryAdd(name.Value, GetUtcNow());

    public DateTimeOffset Of(BlobName name) => put.GetValueOrDefault(name.Value, GetUtcNow());
}

/// <summary>Gives blobs the age that they have by the test's clock.</summary>
internal sealed class ClockStore(IBlobStore inner, MovedClock clock) : IBlobStore
{
    public string Location => inner.Location;

    public async Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        clock.Put(name);
        return await inner.PutAsync(name, content, ct);
    }

    public Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct) => inner.ReadAsync(name, offset, into, ct);

    public async Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => await inner.FindAsync(name, ct) is { } found ? found with { ModifiedAt = clock.Of(name) } : null;

    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var blob in inner.ListAsync(prefix, ct)) yield return blob with { ModifiedAt = clock.Of(blob.Name) };
    }

    public Task DeleteAsync(BlobName name, CancellationToken ct) => inner.DeleteAsync(name, ct);

    public Task<DateTimeOffset> ClockAsync(CancellationToken ct) => Task.FromResult(clock.GetUtcNow());

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

internal sealed class MemoryBlobs
{
    public ConcurrentDictionary<string, byte[]> ByName { get; } = new();
}

/// <summary>Keeps what a store must keep, for runs whose subject is the order of calls and not the disk below.</summary>
internal sealed class MemoryStore(MemoryBlobs blobs) : IBlobStore
{
    public string Location => "memory";

    public Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        if (blobs.ByName.TryAdd(name.Value, content.ToArray())) return Task.FromResult(PutOutcome.Created);
        if (blobs.ByName.TryGetValue(name.Value, out var there) && there.AsSpan().SequenceEqual(content.Span)) return Task.FromResult(PutOutcome.AlreadyThere);
        throw new EngineException(Fault.NameTaken, name.Value, "the name holds other content");
    }

    public Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
    {
        if (!blobs.ByName.TryGetValue(name.Value, out var there)) throw new EngineException(Fault.NotFound, name.Value, "no such blob");
        var count = (int)Math.Clamp(there.Length - offset, 0, into.Length);
        there.AsSpan((int)Math.Min(offset, there.Length), count).CopyTo(into.Span);
        return Task.FromResult(count);
    }

    public Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) =>
        Task.FromResult(blobs.ByName.TryGetValue(name.Value, out var there) ? new BlobInfo(name, there.Length, default) : null);

    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var (name, content) in blobs.ByName.Where(b => b.Key.StartsWith(prefix, StringComparison.Ordinal)).ToList()) yield return new BlobInfo(new BlobName(name), content.Length, default);
        await Task.CompletedTask;
    }

    public Task DeleteAsync(BlobName name, CancellationToken ct)
    {
        blobs.ByName.TryRemove(name.Value, out _);
        return Task.CompletedTask;
    }

    public Task<DateTimeOffset> ClockAsync(CancellationToken ct) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

internal sealed class MemorySource(byte[] content) : IBlockSource
{
    public string Name => "memory";

    public long? Length => content.Length;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        var count = (int)Math.Clamp(content.Length - offset, 0, into.Length);
        content.AsSpan((int)offset, count).CopyTo(into.Span);
        return new(count);
    }

    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        var length = Math.Min(range.End, content.Length) - range.Offset;
        if (length > 0) yield return new Extent(range.Offset, length, IsData: true);
        await Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Disks made of pieces of 64 KiB from a small stock, so that most chunks are in several points.</summary>
internal static class Disks
{
    public const int PieceBytes = 65536;

    public static byte[] Of(params int[] pieces)
    {
        var disk = new byte[pieces.Length * PieceBytes];
        for (var i = 0; i < pieces.Length; i++)
        {
            if (pieces[i] >= 0) new Random(pieces[i]).NextBytes(disk.AsSpan(i * PieceBytes, PieceBytes));
        }

        return disk;
    }

    public static byte[] Random(Random random, int pieces, int stock) => Of([.. Enumerable.Range(0, pieces).Select(_ => random.Next(stock))]);
}
