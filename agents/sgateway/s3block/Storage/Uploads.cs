using System.Text.Json;

namespace HyperBdr.S3Block.Storage;

/// <summary>An upload in parts, as its file says it.</summary>
internal sealed record Upload
{
    public required string Id { get; init; }

    public required string Bucket { get; init; }

    public required string Key { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public long BeganAt { get; init; }

    /// <summary>Access key and, of a scoped key, its subject.</summary>
    public string Initiator { get; init; } = "";

    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    public Amendment? Extra { get; init; }

    /// <summary>Checksum algorithm by its header's ending; null without.</summary>
    public string? Algorithm { get; init; }

    public string? ChecksumType { get; init; }
}

/// <summary>Parts on the disk until a completion names them: then they are the object, where they lie.</summary>
internal sealed class Uploads(Layout layout, ObjectStore store, OrderClock clock)
{
    private const string About = "about.json";

    private readonly KeyLocks locks = new();

    /// <summary>One completion, abortion or new part of an upload at a time.</summary>
    public ValueTask<KeyLocks.Held> HoldAsync(string upload, CancellationToken ct) => locks.HoldAsync("", upload, ct);

    public Task<Upload> BeginAsync(Bucket bucket, Upload upload, CancellationToken ct) => store.OnDiskAsync(
        () =>
        {
            if (!bucket.TryEnter()) throw new BucketGoneException(bucket.Name);
            try
            {
                return Begin(upload with { Id = clock.Next(), BeganAt = store.Time.GetUtcNow().ToUnixTimeMilliseconds() });
            }
            finally
            {
                bucket.Leave();
            }
        },
        ct);

    private Upload Begin(Upload upload)
    {
        var parts = layout.Parts(upload.Id);
        Disk.MakeFolder(parts);
        Disk.WriteWhole(Path.Combine(parts, About), layout.Drafts, JsonSerializer.SerializeToUtf8Bytes(upload, StorageJson.Default.Upload));
        var open = layout.OpenUpload(upload.Bucket, upload.Id);
        Disk.MakeFolder(Path.GetDirectoryName(open)!);
        Disk.WriteWhole(open, layout.Drafts, []);
        return upload;
    }

    /// <summary>An upload that is neither completed nor aborted; null otherwise.</summary>
    public Upload? FindOpen(string bucket, string key, string id)
    {
        if (id.Length != 24 || !id.All(char.IsAsciiHexDigitLower) || !File.Exists(layout.OpenUpload(bucket, id))) return null;
        return Read(id) is { } upload && upload.Bucket == bucket && upload.Key == key ? upload : null;
    }

    /// <summary>Also of a completed upload.</summary>
    public Upload? Read(string id)
    {
        var about = Path.Combine(layout.Parts(id), About);
        return File.Exists(about) ? JsonSerializer.Deserialize(File.ReadAllBytes(about), StorageJson.Default.Upload) : null;
    }

    /// <summary>All open uploads of a bucket, by key and then by age.</summary>
    public IReadOnlyList<Upload> ListOpen(string bucket)
    {
        var folder = Path.Combine(layout.OpenUploads, bucket);
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder).Select(f => Read(Path.GetFileName(f))).OfType<Upload>().OrderBy(u => u.Key, Utf8Order.Instance).ThenBy(u => u.Id, StringComparer.Ordinal)];
    }

    /// <summary>Stores a part, in place of an earlier one of its number.</summary>
    public Task PutPartAsync(Upload upload, int number, Draft draft, Entry part, CancellationToken ct) => store.OnDiskAsync(
        () =>
        {
            draft.Finish(part with { ModifiedAt = store.Time.GetUtcNow().ToUnixTimeMilliseconds() });
            draft.Publish(Path.Combine(layout.Parts(upload.Id), Layout.PartName(number)));
            return true;
        },
        ct);

    /// <summary>The part as it is stored now; null when there is none.</summary>
    public Entry? FindPart(string upload, int number)
    {
        using var file = EntryFile.Open(Path.Combine(layout.Parts(upload), Layout.PartName(number)));
        return file is null ? null : file.Entry with { Length = file.Length };
    }

    public IReadOnlyList<int> PartNumbers(string upload) => [.. Directory.EnumerateFiles(layout.Parts(upload))
        .Select(f => Path.GetFileName(f)).Where(f => f.Length == 5 && f.All(char.IsAsciiDigit)).Select(f => int.Parse(f, System.Globalization.CultureInfo.InvariantCulture)).Order()];

    /// <summary>After the object that these parts are was published: the upload is no longer open, and other parts go.</summary>
    public void Close(Upload upload, IReadOnlyList<EntryPart> used)
    {
        Disk.Delete(layout.OpenUpload(upload.Bucket, upload.Id));
        var keep = used.Select(p => p.Number).ToHashSet();
        foreach (var unused in PartNumbers(upload.Id).Where(n => !keep.Contains(n))) Disk.Delete(Path.Combine(layout.Parts(upload.Id), Layout.PartName(unused)));
    }

    public void Abort(Upload upload)
    {
        Disk.Delete(layout.OpenUpload(upload.Bucket, upload.Id));
        store.DoomParts(upload.Id);
    }

    /// <summary>After a start: an upload whose object was published before the kill is closed; one without its parts is dropped.</summary>
    public void Settle()
    {
        if (!Directory.Exists(layout.OpenUploads)) return;
        foreach (var open in Directory.EnumerateFiles(layout.OpenUploads, "*", SearchOption.AllDirectories))
        {
            var upload = Read(Path.GetFileName(open));
            if (upload is null) Disk.Delete(open);
            else if (Published(upload) is { } entry) Close(upload, entry.Parts ?? []);
        }
    }

    /// <summary>After a start: parts that were to go and whose object is gone indeed.</summary>
    public void EmptyTrash()
    {
        foreach (var doomed in Directory.EnumerateFiles(layout.Trash))
        {
            var id = Path.GetFileName(doomed);
            var upload = Read(id);
            if (upload is null || (Published(upload) is null && !File.Exists(layout.OpenUpload(upload.Bucket, id)))) Disk.DeleteFolder(layout.Parts(id), layout.Drafts);
            Disk.Delete(doomed);
        }
    }

    /// <summary>The version that this upload became; null when it did not.</summary>
    public Entry? Published(Upload upload) => store.Versions(upload.Bucket, upload.Key).FirstOrDefault(v => v.Upload == upload.Id);
}

/// <summary>The order of the protocol's listings: by UTF-8 bytes.</summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    // UTF-16 sorts surrogates before U+E000..U+FFFF, UTF-8 behind them.
    public int Compare(string? x, string? y) => System.Text.Encoding.UTF8.GetBytes(x ?? "").AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(y ?? ""));
}
