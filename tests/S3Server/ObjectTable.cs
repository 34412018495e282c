using System.Collections.Concurrent;
using System.Globalization;

namespace HyperBdr.S3Testing;

/// <summary>The bucket's objects, in memory or as files with their facts in a second file.</summary>
/// <remarks>The files are for work larger than memory and for restarts; they are not synced: this is a test server.</remarks>
internal sealed class ObjectTable
{
    private readonly ConcurrentDictionary<string, StoredObject> objects = new(StringComparer.Ordinal);
    private readonly string? folder;
    private readonly TimeProvider time;

    public ObjectTable(string? folder, TimeProvider time)
    {
        (this.folder, this.time) = (folder, time);
        if (folder is null) return;
        Directory.CreateDirectory(folder);
        foreach (var facts in Directory.EnumerateFiles(folder, "*.facts")) Load(facts);
    }

    public IEnumerable<KeyValuePair<string, StoredObject>> All => objects;

    public StoredObject? Find(string key) => objects.GetValueOrDefault(key);

    /// <returns>False when it must be new and is not.</returns>
    public async Task<bool> PutAsync(string key, byte[] content, string eTag, (string, string)? checksum, bool mustBeNew)
    {
        if (mustBeNew && objects.ContainsKey(key)) return false;
        var made = await MakeAsync(key, content, eTag, checksum);
        if (!mustBeNew)
        {
            objects[key] = made;
            return true;
        }

        if (objects.TryAdd(key, made)) return true;
        Drop(made);
        return false;
    }

    public void Delete(string key)
    {
        if (objects.TryRemove(key, out var gone)) Drop(gone);
    }

    private async Task<StoredObject> MakeAsync(string key, byte[] content, string eTag, (string Header, string Value)? checksum)
    {
        if (folder is null) return new StoredObject(eTag, content.Length, time.GetUtcNow(), checksum, content, null);
        var path = Path.Combine(folder, $"{Guid.CreateVersion7():n}");
        await File.WriteAllBytesAsync(path, content);
        var made = new StoredObject(eTag, content.Length, time.GetUtcNow(), checksum, null, path);
        await File.WriteAllLinesAsync($"{path}.facts", [key, eTag, made.ModifiedAt.ToString("O", CultureInfo.InvariantCulture), checksum?.Header ?? "", checksum?.Value ?? ""]);
        return made;
    }

    private void Load(string facts)
    {
        var lines = File.ReadAllLines(facts);
        var path = Path.ChangeExtension(facts, null);
        objects[lines[0]] = new StoredObject(lines[1], new FileInfo(path).Length, DateTimeOffset.Parse(lines[2], CultureInfo.InvariantCulture), lines[3].Length == 0 ? null : (lines[3], lines[4]), null, path);
    }

    private static void Drop(StoredObject gone)
    {
        if (gone.File is null) return;
        File.Delete($"{gone.File}.facts");
        File.Delete(gone.File);
    }
}
