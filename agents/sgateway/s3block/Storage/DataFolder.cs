using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.S3Block.Storage;

/// <summary>The data folder of one running endpoint: claimed, settled after whatever happened to the last one, and its buckets.</summary>
internal sealed class DataFolder : IDisposable
{
    private const string Format = "hyperbdr s3block 1";
    private const int FillBatch = 1000;

    private readonly SafeFileHandle claim;
    private readonly ConcurrentDictionary<string, Bucket> buckets = new(StringComparer.Ordinal);
    private readonly string storeId;
    private readonly string boot;
    private readonly KeyLocks bucketLocks = new();

    private DataFolder(Layout layout, string indexPath, TimeProvider time)
    {
        Layout = layout;
        foreach (var folder in (string[])[layout.Root, layout.Drafts, layout.Trash, layout.Buckets, layout.OpenUploads, layout.AllParts]) Disk.MakeFolder(folder);
        claim = Posix.OpenDisk(Path.Combine(layout.Root, "lock"), Posix.ReadWrite | Posix.Create);
        if (!Posix.TryLock(claim))
        {
            claim.Dispose();
            throw new IOException($"Another s3block serves {layout.Root}.");
        }

        storeId = ReadFormat();
        boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        Clock = new OrderClock(time);
        Index = ObjectIndex.Open(indexPath);
        Objects = new ObjectStore(layout, Index, Clock, time);
        Uploads = new Uploads(layout, Objects, Clock);
    }

    public Layout Layout { get; }

    public ObjectIndex Index { get; }

    public OrderClock Clock { get; }

    public ObjectStore Objects { get; }

    public Uploads Uploads { get; }

    public IEnumerable<Bucket> Buckets => buckets.Values.OrderBy(b => b.Name, StringComparer.Ordinal);

    /// <summary>Claims and settles the folder; makes the index anew where it cannot be trusted.</summary>
    /// <exception cref="IOException">Another process serves it, its format is not known, or the disk fails.</exception>
    public static DataFolder Open(string root, string indexPath, TimeProvider time, Action<string> say)
    {
        var opened = new DataFolder(new Layout(root), indexPath, time);
        opened.Settle(say);
        return opened;
    }

    public Bucket? Find(string name) => buckets.GetValueOrDefault(name);

    /// <returns>Null when the name is taken.</returns>
    public async Task<Bucket?> CreateAsync(string name, BucketConfig config, CancellationToken ct)
    {
        using var held = await bucketLocks.HoldAsync(name, "", ct);
        if (buckets.ContainsKey(name)) return null;
        return await Objects.OnDiskAsync(
            () =>
            {
                Disk.MakeFolder(Layout.Objects(name));
                Write(name, config);
                return buckets[name] = new Bucket(name, config);
            },
            CancellationToken.None);
    }

    public async Task ConfigureAsync(Bucket bucket, Func<BucketConfig, BucketConfig> change, CancellationToken ct)
    {
        using var held = await bucketLocks.HoldAsync(bucket.Name, "", ct);
        var config = change(bucket.Config);
        await Objects.OnDiskAsync(() => Write(bucket.Name, config), CancellationToken.None);
        bucket.Config = config;
    }

    /// <returns>False when something is in it.</returns>
    public async Task<bool> DeleteAsync(Bucket bucket, CancellationToken ct)
    {
        using var held = await bucketLocks.HoldAsync(bucket.Name, "", ct);
        return await Objects.OnDiskAsync(
            () =>
            {
                if (!bucket.TryClose()) return false;
                if (Directory.EnumerateFiles(Layout.Objects(bucket.Name), "*", SearchOption.AllDirectories).Any())
                {
                    bucket.Reopen();
                    return false;
                }

                foreach (var upload in Uploads.ListOpen(bucket.Name)) Uploads.Abort(upload);
                buckets.TryRemove(bucket.Name, out _);
                Disk.DeleteFolder(Layout.Bucket(bucket.Name), Layout.Drafts);
                Index.Forget(bucket.Name);
                return true;
            },
            CancellationToken.None);
    }

    /// <summary>Bytes that may still be written.</summary>
    public long FreeBytes() => new DriveInfo(Layout.Root).AvailableFreeSpace;

    /// <summary>Of the disk that the folder is on.</summary>
    public (long TotalBytes, long FreeBytes) Space()
    {
        var drive = new DriveInfo(Layout.Root);
        return (drive.TotalSize, drive.AvailableFreeSpace);
    }

    public void Dispose()
    {
        Index.End(storeId, boot);
        Objects.Dispose();
        Index.Dispose();
        claim.Dispose();
    }

    private string ReadFormat()
    {
        var path = Path.Combine(Layout.Root, "format");
        if (!File.Exists(path)) Disk.WriteWhole(path, Layout.Drafts, Encoding.UTF8.GetBytes($"{Format}\n{Guid.CreateVersion7():n}\n"));
        var lines = File.ReadAllLines(path);
        return lines is [Format, var id, ..] ? id : throw new IOException($"{path}: not a data folder of this version.");
    }

    private void Settle(Action<string> say)
    {
        foreach (var folder in Directory.EnumerateDirectories(Layout.Drafts)) Directory.Delete(folder, recursive: true);
        foreach (var draft in Directory.EnumerateFiles(Layout.Drafts)) File.Delete(draft);
        foreach (var folder in Directory.EnumerateDirectories(Layout.Buckets)) Load(folder);
        if (Index.IsTrusted(storeId, boot))
        {
            Index.Begin(storeId, boot, complete: true);
            var pending = Index.Pending();
            foreach (var (bucket, key) in pending) Objects.Settle(bucket, Encoding.UTF8.GetString(key));
            if (pending.Count > 0) say($"{pending.Count} keys that were being changed were read again.");
        }
        else
        {
            Rebuild(say);
        }

        if (Index.HighestId() is { } highest) Clock.Follow(highest);
        Uploads.Settle();
        Uploads.EmptyTrash();
    }

    private void Load(string folder)
    {
        var name = Path.GetFileName(folder);
        var path = Layout.Config(name);
        if (!File.Exists(path))
        {
            // Killed while it was made: nobody was told of it.
            Disk.DeleteFolder(folder, Layout.Drafts);
            return;
        }

        var config = JsonSerializer.Deserialize(File.ReadAllBytes(path), StorageJson.Default.BucketConfig) ?? throw new RotException(path, "empty");
        buckets[name] = new Bucket(name, config);
    }

    private void Rebuild(Action<string> say)
    {
        say("The index of objects is made anew from the files.");
        Index.Clear();
        Index.Begin(storeId, boot, complete: false);
        var found = 0L;
        foreach (var bucket in buckets.Keys)
        {
            foreach (var batch in KeysOf(bucket, say).Chunk(FillBatch))
            {
                Index.Fill(batch);
                found += batch.Length;
            }
        }

        Index.Begin(storeId, boot, complete: true);
        say($"{found} keys indexed.");
    }

    private IEnumerable<(string Bucket, byte[] Key, IReadOnlyList<Entry> Versions)> KeysOf(string bucket, Action<string> say)
    {
        foreach (var shard in Directory.EnumerateDirectories(Layout.Objects(bucket)))
        {
            var currents = Directory.EnumerateFiles(shard).Concat(Directory.EnumerateDirectories(shard).Select(d => d[..^2])).Distinct(StringComparer.Ordinal);
            foreach (var current in currents)
            {
                IReadOnlyList<Entry> versions;
                try
                {
                    versions = ObjectStore.Versions(current);
                }
                catch (RotException e)
                {
                    // One damaged object is told of and keeps nothing else from being served.
                    say(e.Message);
                    continue;
                }

                if (versions.Count > 0) yield return (bucket, Encoding.UTF8.GetBytes(versions[0].Key), versions);
            }
        }
    }

    private bool Write(string name, BucketConfig config)
    {
        Disk.WriteWhole(Layout.Config(name), Layout.Drafts, JsonSerializer.SerializeToUtf8Bytes(config, StorageJson.Default.BucketConfig));
        return true;
    }
}
