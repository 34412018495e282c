using System.Text;
using System.Text.Json;
using HyperBdr.Engine.IO;

namespace HyperBdr.S3Block.Storage;

/// <summary>Objects in files: what a caller was told is stored is there after any crash, whole.</summary>
/// <remarks>Truth is in the files alone; every read of an object goes to them. The index serves listings.</remarks>
internal sealed class ObjectStore : IDisposable
{
    private const int LaneWidth = 32;

    private readonly Layout layout;
    private readonly ObjectIndex index;
    private readonly OrderClock clock;
    private readonly TimeProvider time;
    private readonly KeyLocks locks = new();
    private readonly BlockingLane lane = new("storage", LaneWidth);
    private readonly PartsInUse parts;

    public ObjectStore(Layout layout, ObjectIndex index, OrderClock clock, TimeProvider time)
    {
        (this.layout, this.index, this.clock, this.time) = (layout, index, clock, time);
        parts = new PartsInUse(DropParts);
    }

    public TimeProvider Time => time;

    public Draft NewDraft() => new(layout.Drafts);

    /// <summary>A call that waits on the disk, on a thread that may wait.</summary>
    public Task<T> OnDiskAsync<T>(Func<T> call, CancellationToken ct) => lane.RunAsync(call, ct);

    /// <summary>A version, open for reading; null when there is none. A delete marker is found too.</summary>
    /// <param name="version">Null for the current one.</param>
    public StoredObject? Open(Bucket bucket, string key, string? version)
    {
        while (OpenFile(bucket.Name, key, version) is { } file)
        {
            if (file.Entry.Upload is not { } upload) return new StoredObject(file, Amended(bucket.Name, file.Entry), null, "");
            // Parts go only after their name did: while the name still says the same, they are there, and stay from here on.
            var hold = parts.Hold(upload);
            using (var again = OpenFile(bucket.Name, key, version))
            {
                if (again?.Entry.Id == file.Entry.Id) return new StoredObject(file, Amended(bucket.Name, file.Entry), hold, layout.Parts(upload));
            }

            hold.Dispose();
            file.Dispose();
        }

        return null;
    }

    /// <summary>The facts of a version; null when there is none.</summary>
    public Entry? Find(Bucket bucket, string key, string? version)
    {
        using var file = OpenFile(bucket.Name, key, version);
        return file is null ? null : Amended(bucket.Name, file.Entry);
    }

    /// <summary>Makes a finished body the current version of its key, if the rule still holds then.</summary>
    /// <param name="check">Sees the current version, or null; throws to refuse.</param>
    public async Task<Entry> PublishAsync(Bucket bucket, Draft draft, Entry entry, Action<Entry?> check, CancellationToken ct)
    {
        entry = entry with { Id = clock.Next(), IsNull = bucket.Config.Versioning != Versioning.Enabled, ModifiedAt = time.GetUtcNow().ToUnixTimeMilliseconds() };
        await lane.RunAsync(() => Finish(draft, entry), ct);
        using var held = await locks.HoldAsync(bucket.Name, entry.Key, ct);
        if (!bucket.TryEnter()) throw new BucketGoneException(bucket.Name);
        try
        {
            // From here on a caller who hangs up changes nothing.
            return await lane.RunAsync(() => Publish(bucket, draft, entry, check), CancellationToken.None);
        }
        finally
        {
            bucket.Leave();
        }
    }

    /// <summary>Removes a version for good, or covers the key by a delete marker, as the bucket's versioning says.</summary>
    /// <param name="check">Sees what would be removed for good; throws to refuse.</param>
    /// <returns>The marker or the removed version; null when there was nothing.</returns>
    public async Task<Entry?> DeleteAsync(Bucket bucket, string key, string? version, Action<Entry> check, CancellationToken ct)
    {
        if (version is null && bucket.Config.Versioning != Versioning.Off)
        {
            using var draft = NewDraft();
            return await PublishAsync(bucket, draft, new Entry { Key = key, Marker = true }, _ => { }, ct);
        }

        using var held = await locks.HoldAsync(bucket.Name, key, ct);
        return await lane.RunAsync(() => Remove(bucket, key, version, check), CancellationToken.None);
    }

    /// <summary>Changes tags or protection of a version; null when there is none.</summary>
    public async Task<Entry?> AmendAsync(Bucket bucket, string key, string? version, Func<Entry, Amendment> change, CancellationToken ct)
    {
        using var held = await locks.HoldAsync(bucket.Name, key, ct);
        return await lane.RunAsync(
            () =>
            {
                if (Find(bucket, key, version) is not { } entry) return null;
                var extra = change(entry);
                var path = layout.Amendment(bucket.Name, entry.Id);
                Disk.MakeFolder(Path.GetDirectoryName(path)!);
                Disk.WriteWhole(path, layout.Drafts, JsonSerializer.SerializeToUtf8Bytes(extra, StorageJson.Default.Amendment));
                return entry with { Extra = extra };
            },
            CancellationToken.None);
    }

    /// <summary>Every version of a key, from its files; the current one leads, then newest first.</summary>
    public IReadOnlyList<Entry> Versions(string bucket, string key) => Versions(layout.Current(bucket, key));

    /// <inheritdoc cref="Versions(string, string)"/>
    /// <param name="current">The current version's path.</param>
    public static IReadOnlyList<Entry> Versions(string current)
    {
        var found = new List<Entry>();
        using (var file = EntryFile.Open(current))
        {
            if (file is not null) found.Add(file.Entry);
        }

        var history = current + ".v";
        if (!Directory.Exists(history)) return found;
        foreach (var path in Directory.EnumerateFiles(history).OrderDescending(StringComparer.Ordinal))
        {
            using var file = EntryFile.Open(path);
            // Linked and then killed: the older name of what is still current.
            if (file is not null && (found.Count == 0 || file.Entry.Id != found[0].Id)) found.Add(file.Entry);
        }

        return found;
    }

    /// <summary>Reads a key again after a kill: completes what was begun and tells the index.</summary>
    public void Settle(string bucket, string key)
    {
        var current = layout.Current(bucket, key);
        var versions = Versions(current);
        if (versions.Count > 0 && !File.Exists(current)) Promote(bucket, key);
        index.Set(bucket, Encoding.UTF8.GetBytes(key), versions);
    }

    /// <summary>Gives up the parts of an upload whose object or upload is gone.</summary>
    public void DoomParts(string upload)
    {
        Disk.WriteWhole(Path.Combine(layout.Trash, upload), layout.Drafts, []);
        parts.Doom(upload);
    }

    public void Dispose() => lane.Dispose();

    private static bool Finish(Draft draft, Entry entry)
    {
        draft.Finish(entry);
        return true;
    }

    private Entry Publish(Bucket bucket, Draft draft, Entry entry, Action<Entry?> check)
    {
        var current = layout.Current(bucket.Name, entry.Key);
        var former = Find(bucket, entry.Key, null);
        check(former);
        if (former is not null && string.CompareOrdinal(former.Id, entry.Id) > 0)
        {
            entry = entry with { Id = clock.Next() };
            draft.Finish(entry);
        }

        Disk.MakeFolder(Path.GetDirectoryName(current)!);
        var key = Encoding.UTF8.GetBytes(entry.Key);
        index.Pend(bucket.Name, key);
        var gone = new List<Entry>();
        if (former is not null)
        {
            if (entry.IsNull && former.IsNull) gone.Add(former);
            else Keep(bucket.Name, entry.Key, former, current);
        }

        draft.Publish(current);
        if (entry.IsNull && bucket.Config.Versioning != Versioning.Off) gone.AddRange(DropOlderNull(bucket.Name, entry));
        index.Add(bucket.Name, key, entry, gone.Select(g => g.Id));
        foreach (var one in gone) Forget(bucket.Name, one);
        return entry;
    }

    private void Keep(string bucket, string key, Entry former, string current)
    {
        var kept = layout.Version(bucket, key, former);
        Disk.MakeFolder(Path.GetDirectoryName(kept)!);
        Disk.TryLink(current, kept);
    }

    private List<Entry> DropOlderNull(string bucket, Entry entry)
    {
        var gone = new List<Entry>();
        foreach (var older in Versions(bucket, entry.Key).Where(v => v.IsNull && v.Id != entry.Id))
        {
            Disk.Delete(layout.Version(bucket, entry.Key, older));
            gone.Add(older);
        }

        return gone;
    }

    private Entry? Remove(Bucket bucket, string key, string? version, Action<Entry> check)
    {
        var current = layout.Current(bucket.Name, key);
        if (Find(bucket, key, version) is not { } entry) return null;
        check(entry);
        var bytes = Encoding.UTF8.GetBytes(key);
        index.Pend(bucket.Name, bytes);
        // A kill between link and rename left it under both names.
        if (bucket.Config.Versioning != Versioning.Off) Disk.Delete(layout.Version(bucket.Name, key, entry));
        using (var top = EntryFile.Open(current))
        {
            if (top?.Entry.Id == entry.Id && !Promote(bucket.Name, key)) Disk.Delete(current);
        }

        index.Set(bucket.Name, bytes, Versions(current));
        Forget(bucket.Name, entry);
        return entry;
    }

    /// <summary>Makes the newest older version the current one, in one step.</summary>
    private bool Promote(string bucket, string key)
    {
        var history = layout.History(bucket, key);
        if (!Directory.Exists(history)) return false;
        if (Directory.EnumerateFiles(history).Max(StringComparer.Ordinal) is not { } newest) return false;
        Disk.Replace(newest, layout.Current(bucket, key));
        Posix.SyncFolder(history);
        return true;
    }

    private void Forget(string bucket, Entry gone)
    {
        Posix.TryUnlink(layout.Amendment(bucket, gone.Id));
        if (gone.Upload is { } upload) DoomParts(upload);
    }

    private void DropParts(string upload)
    {
        Disk.DeleteFolder(layout.Parts(upload), layout.Drafts);
        Disk.Delete(Path.Combine(layout.Trash, upload));
    }

    private EntryFile? OpenFile(string bucket, string key, string? version)
    {
        var current = EntryFile.Open(layout.Current(bucket, key));
        if (current is not null && current.Entry.Key != key) throw new RotException(layout.Current(bucket, key), "another key's");
        if (version is null || current is null || current.Entry.VersionId == version) return current is not null || version is null ? current : OpenOlder(bucket, key, version);
        current.Dispose();
        return OpenOlder(bucket, key, version);
    }

    private EntryFile? OpenOlder(string bucket, string key, string version)
    {
        var history = layout.History(bucket, key);
        if (version != Entry.NullVersion) return version.All(char.IsAsciiHexDigitLower) ? EntryFile.Open(Path.Combine(history, version)) : null;
        if (!Directory.Exists(history)) return null;
        return Directory.EnumerateFiles(history, "*" + Layout.NullMark).Max(StringComparer.Ordinal) is { } path ? EntryFile.Open(path) : null;
    }

    private Entry Amended(string bucket, Entry entry)
    {
        var path = layout.Amendment(bucket, entry.Id);
        if (!File.Exists(path)) return entry;
        var read = File.ReadAllBytes(path);
        return entry with { Extra = JsonSerializer.Deserialize(read, StorageJson.Default.Amendment) };
    }
}
