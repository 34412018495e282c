using System.Security.Cryptography;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Restore;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Sync;

namespace HyperBdr.Capture.Tests;

/// <summary>A repository in a folder, and captures into it.</summary>
internal sealed class Vault : IAsyncDisposable
{
    private readonly RawKey key = RawKey.Create();
    private readonly string folder = Directory.CreateTempSubdirectory("hyperbdr-vault-").FullName;

    public Repository Repository { get; private set; } = null!;

    /// <summary>What the captures reported.</summary>
    public List<CaptureProgress> Reported { get; } = [];

    public static async Task<Vault> CreateAsync(CancellationToken ct)
    {
        var made = new Vault();
        var place = Directory.CreateDirectory(Path.Combine(made.folder, "store")).FullName;
        await using (var store = new FolderStore(place)) await Repository.InitAsync(store, Guid.CreateVersion7(), [(made.key, "test")], ChunkingConstants.Default, ct);
        made.Repository = await Repository.OpenAsync(new FolderStore(place), made.key, Path.Combine(made.folder, "cache"), TimeProvider.System, ct);
        return made;
    }

    /// <summary>One capture and its commit, as an agent does it.</summary>
    public async Task<(PointId Id, CaptureResult Result, PointStatistics Did)> CaptureAsync(IReadOnlyList<CaptureDisk> disks, CaptureRequest request, PointId? parent, CancellationToken ct)
    {
        await using var session = await Repository.BeginWriteAsync(new WriteRequest("web-1") { Parent = parent, Options = new SyncOptions { PackBytes = 4 * 1024 * 1024, Workers = 2 } }, ct);
        var result = await DiskCapture.RunAsync(session, disks, request, new Listener(Reported), ct);
        var id = await session.CommitAsync(ct);
        request.Tracker?.PointPublished(id);
        return (id, result, session.Progress.Statistics);
    }

    public async Task RestoreAsync(PointId id, string disk, string path, CancellationToken ct)
    {
        var point = await PointAsync(id, ct);
        var session = await Repository.BeginReadAsync(ct);
        await using var target = FileTarget.Open(path, ExistingFile.Keep);
        await session.Restore(point.Disks.Single(d => d.Name == disk), target, new RestoreOptions()).RunAsync(ct);
    }

    public async Task<RecoveryPoint> PointAsync(PointId id, CancellationToken ct) => (await Repository.ListPointsAsync(ct)).Single(p => p.Id == id).Point!;

    public static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    public async ValueTask DisposeAsync()
    {
        await Repository.DisposeAsync();
        key.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private sealed class Listener(List<CaptureProgress> into) : IProgress<CaptureProgress>
    {
        public void Report(CaptureProgress value)
        {
            lock (into) into.Add(value);
        }
    }
}
