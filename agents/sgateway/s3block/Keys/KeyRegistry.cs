using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using HyperBdr.Agents.Settings;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Keys;

/// <summary>What a key may do in its buckets.</summary>
internal enum KeyPolicy
{
    Owner,
    Reader,
    Writer,
}

/// <summary>An access key with its secret.</summary>
internal sealed record OwnerKey
{
    public required string AccessKey { get; init; }

    public required string Secret { get; init; }

    public KeyPolicy Policy { get; init; }

    /// <summary>Bucket names; <c>*</c> for all.</summary>
    public IReadOnlyList<string> Buckets { get; init; } = [];

    public string Comment { get; init; } = "";

    public bool Covers(string bucket) => Buckets.Contains("*", StringComparer.Ordinal) || Buckets.Contains(bucket, StringComparer.Ordinal);

    // The compiler's own would print the secret.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append(AccessKey).Append(" secret ***");
        return true;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(OwnerKey))]
internal sealed partial class KeyJson : JsonSerializerContext;

/// <summary>Keys as one file each, for its owner only, that another process may add, replace and remove at any time.</summary>
/// <param name="folder">May be missing until the first key is added.</param>
/// <param name="configured">The key of the configuration file; null without.</param>
/// <param name="installKey">Seals their secrets: a copy of the folder alone opens nothing.</param>
internal sealed class KeyRegistry(string folder, OwnerKey? configured, InstallKey installKey)
{
    private const string Place = "owner-key";
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly ConcurrentDictionary<string, (DateTime Stamp, long Length, OwnerKey Key)> known = new(StringComparer.Ordinal);

    public static bool IsName(string accessKey) => accessKey.Length is >= 3 and <= 128 && accessKey.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>The key as its file says it at this moment; null when there is none, when others could read or change it, or when another installation sealed it.</summary>
    public OwnerKey? Find(string accessKey)
    {
        if (configured is not null && configured.AccessKey == accessKey) return configured;
        if (!IsName(accessKey)) return null;
        var file = new FileInfo(PathOf(accessKey));
        if (!file.Exists)
        {
            known.TryRemove(accessKey, out _);
            return null;
        }

        if (known.TryGetValue(accessKey, out var cached) && cached.Stamp == file.LastWriteTimeUtc && cached.Length == file.Length) return cached.Key;
        if (Read(file) is not { } key || key.AccessKey != accessKey) return null;
        known[accessKey] = (file.LastWriteTimeUtc, file.Length, key);
        return key;
    }

    public IEnumerable<OwnerKey> All() => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(f => Read(new FileInfo(f))).OfType<OwnerKey>()
        : [];

    /// <exception cref="IOException"/>
    public void Add(OwnerKey key)
    {
        if (!IsName(key.AccessKey)) throw new IOException("An access key is 3 to 128 letters, digits, '-' and '_'.");
        Disk.MakeFolder(folder);
        var kept = key with { Secret = installKey.Seal(Place, key.AccessKey, key.Secret) };
        Disk.WriteWhole(PathOf(key.AccessKey), folder, JsonSerializer.SerializeToUtf8Bytes(kept, KeyJson.Default.OwnerKey));
    }

    /// <returns>False when there was no such key.</returns>
    public bool Remove(string accessKey) => IsName(accessKey) && Directory.Exists(folder) && Disk.Delete(PathOf(accessKey));

    private string PathOf(string accessKey) => Path.Combine(folder, $"{accessKey}.json");

    private OwnerKey? Read(FileInfo file)
    {
        try
        {
            if ((file.UnixFileMode & Others) != UnixFileMode.None || file.Length > 1 << 16) return null;
            var key = JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), KeyJson.Default.OwnerKey);
            return key is not null && installKey.TryOpen(Place, key.AccessKey, key.Secret) is { } secret ? key with { Secret = secret } : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            // Replaced or removed this moment, or not a key: nobody's key either way.
            return null;
        }
    }
}
