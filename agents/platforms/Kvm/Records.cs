using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using HyperBdr.Engine.IO;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

internal interface IRecord
{
    Guid Id { get; }

    ResourceTags Tags { get; }
}

/// <summary>A network: written before anything of it is made, removed after everything of it is gone.</summary>
internal sealed record NetworkRecord(NetworkRequest Request, ResourceTags Tags, DateTimeOffset CreatedAt, ResourceState State) : IRecord
{
    [JsonIgnore]
    public Guid Id => Request.Id;
}

internal sealed record DiskRecord(DiskRequest Request, ResourceTags Tags, DateTimeOffset CreatedAt) : IRecord
{
    [JsonIgnore]
    public Guid Id => Request.Id;
}

/// <summary>Where a machine stands. QEMU may run in <see cref="Starting"/>, <see cref="On"/> and <see cref="Deleting"/>, never in <see cref="Off"/>.</summary>
internal enum MachineStage
{
    Starting,
    On,
    Off,
    Deleting,
}

/// <param name="Process">QEMU's process in stage On.</param>
/// <param name="Reason">Why it is off, when nobody asked for it.</param>
internal sealed record MachineRecord(
    MachineRequest Request, ResourceTags Tags, DateTimeOffset CreatedAt, MachineStage Stage, string Accelerator,
    ProcessIdentity? Process = null, DateTimeOffset? BootedAt = null, long SerialFrom = 0, string? Reason = null) : IRecord
{
    [JsonIgnore]
    public Guid Id => Request.Id;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(NetworkRecord))]
[JsonSerializable(typeof(DiskRecord))]
[JsonSerializable(typeof(MachineRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;

/// <summary>Small durable files, one a record, with a copy in memory. A file that cannot be read is set aside as <c>.damaged</c>. Safe for calls side by side.</summary>
internal sealed class RecordStore<T>
    where T : class, IRecord
{
    private const int MaxBytes = 256 * 1024;
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, T> all = [];
    private readonly JsonTypeInfo<T> type;
    private readonly string folder;

    public RecordStore(string folder, JsonTypeInfo<T> type)
    {
        (this.folder, this.type) = (folder, type);
        DurableFiles.MakeFolder(folder);
        foreach (var draft in Directory.EnumerateFiles(folder, ".*.part")) File.Delete(draft);
        foreach (var path in Directory.EnumerateFiles(folder, "*.json")) Load(path);
    }

    public IReadOnlyList<T> All
    {
        get
        {
            lock (gate) return [.. all.Values.OrderBy(r => r.Id)];
        }
    }

    public T? Find(Guid id)
    {
        lock (gate) return all.GetValueOrDefault(id);
    }

    public T Save(T record)
    {
        lock (gate)
        {
            DurableFiles.Write(PathOf(record.Id), JsonSerializer.SerializeToUtf8Bytes(record, type));
            all[record.Id] = record;
        }

        return record;
    }

    /// <summary>Changes a record as it is now; null when there is none.</summary>
    public T? Update(Guid id, Func<T, T> change)
    {
        lock (gate) return all.GetValueOrDefault(id) is { } record ? Save(change(record)) : null;
    }

    public void Remove(Guid id)
    {
        lock (gate)
        {
            DurableFiles.Delete(PathOf(id));
            all.Remove(id);
        }
    }

    private void Load(string path)
    {
        try
        {
            if (DurableFiles.Read(path, MaxBytes) is { } bytes && JsonSerializer.Deserialize(bytes, type) is { } record && PathOf(record.Id) == path) all[record.Id] = record;
            else DurableFiles.Rename(path, path + ".damaged");
        }
        catch (Exception e) when (e is JsonException or NullReferenceException)
        {
            DurableFiles.Rename(path, path + ".damaged");
        }
    }

    private string PathOf(Guid id) => Path.Combine(folder, $"{id:n}.json");
}
