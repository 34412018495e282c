using System.Text.Json;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Repositories;

/// <summary>The manifests of a repository: publish, list, delete. Safe for calls side by side.</summary>
internal sealed class PointCatalogue(RepositoryObjects objects)
{
    private const int MaxManifest = 4 * 1024 * 1024;
    private const int MaxDisks = 256;
    private const int Parallel = 8;

    /// <summary>The commit: when this returns, the point is durable and listed.</summary>
    public async Task<PointId> PublishAsync(RecoveryPoint point, CancellationToken ct)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(point, ManifestJson.Default.RecoveryPoint);
        var name = await objects.PutAsync(SealedPurpose.Manifest, RepositoryObjects.PointPrefix, plain, ct);
        return PointId.TryParse(name.LastPart)!.Value;
    }

    /// <summary>Every manifest, readable or not, the oldest first; what cannot be read is an entry with its fault.</summary>
    public async Task<List<PointEntry>> ListAsync(CollectorEpoch epoch, CancellationToken ct)
    {
        var names = await objects.ListAsync(RepositoryObjects.PointPrefix, ct);
        var entries = new PointEntry?[names.Count];
        await System.Threading.Tasks.Parallel.ForAsync(0, names.Count, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = ct }, async (i, token) => entries[i] = await ReadAsync(names[i], epoch, token));
        return [.. entries.OfType<PointEntry>().OrderBy(e => e.Point?.TakenAt ?? DateTimeOffset.MaxValue).ThenBy(e => e.Name, StringComparer.Ordinal)];
    }

    /// <summary>One manifest, readable or not; null when there is none.</summary>
    public Task<PointEntry?> FindAsync(PointId id, CollectorEpoch epoch, CancellationToken ct) => ReadAsync(NameOf(id), epoch, ct);

    /// <summary>Removes the manifest; its data goes with a later collection.</summary>
    public Task DeleteAsync(PointId id, CancellationToken ct) => objects.Store.DeleteAsync(NameOf(id), ct);

    public static BlobName NameOf(PointId id) => new(RepositoryObjects.PointPrefix + id);

    private async Task<PointEntry?> ReadAsync(BlobName name, CollectorEpoch epoch, CancellationToken ct)
    {
        if (PointId.TryParse(name.LastPart) is not { } id || name != NameOf(id)) return new PointEntry(name.Value, default, null, new EngineException(Fault.Corrupt, name.Value, "is no name of a manifest"), false);
        try
        {
            var plain = await objects.GetAsync(SealedPurpose.Manifest, RepositoryObjects.PointPrefix, name, MaxManifest, ct);
            var point = Decode(plain, name.Value);
            return new PointEntry(name.Value, id, point, null, epoch.Holds(id, point.Epoch));
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            // Deleted since it was listed.
            return null;
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.NewerFormat or Fault.MissingEpoch)
        {
            return new PointEntry(name.Value, id, null, e, false);
        }
    }

    /// <summary>What an opened manifest says, when every field is there and in its range.</summary>
    internal static RecoveryPoint Decode(ReadOnlySpan<byte> plain, string name)
    {
        var point = SealedJson.Read(plain, ManifestJson.Default.RecoveryPoint, name);
        var whole = point is { Host.Length: > 0 and <= 200, Disks: not null, Tags: not null, Statistics: not null }
            && point.Disks.Count is > 0 and <= MaxDisks
            && point.Disks.All(IsWhole);
        return whole ? point : throw new EngineException(Fault.Corrupt, name, "has a field that is missing or out of range");
    }

    private static bool IsWhole(DiskRecord? disk) => disk is { Name.Length: > 0 and <= 200, Length: >= 0, Level: >= 0 and <= MapLimits.MaxLevel, Fragmented: not null }
        && disk.Length <= MapShape.MaxBlocks * Blocks.Block.Size
        && (disk.Root is null || PointId.TryParse(disk.Root) is not null);
}

/// <summary>A manifest as found in the store.</summary>
/// <param name="Name">Its blob name.</param>
/// <param name="Id">The point's id.</param>
/// <param name="Point">What it says; null when it cannot be read.</param>
/// <param name="Fault">Why it cannot be read.</param>
/// <param name="Holds">True when the point may be restored from: see <see cref="CollectorEpoch.Holds"/>.</param>
public sealed record PointEntry(string Name, PointId Id, RecoveryPoint? Point, EngineException? Fault, bool Holds);
