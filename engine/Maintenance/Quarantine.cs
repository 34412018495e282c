using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Where damaged objects go as they are, for people to look at: <c>quarantine/</c> and the object's name. Nothing reads it, and nothing removes from it.</summary>
internal static class Quarantine
{
    public const string Prefix = RepositoryObjects.QuarantinePrefix;
    private const string Packs = Prefix + "packs/";
    private const int MaxBytes = 256 * 1024 * 1024;

    /// <summary>Where a damaged pack's bytes go.</summary>
    public static BlobName NameOf(PackId pack) => new(Packs + pack);

    /// <summary>Packs that were found damaged.</summary>
    public static async Task<HashSet<PackId>> PacksAsync(Repository repository, CancellationToken ct)
    {
        var packs = new HashSet<PackId>();
        foreach (var name in await repository.Objects.ListAsync(Packs, ct))
        {
            if (PointId.TryParse(name.LastPart) is { } id) packs.Add(new PackId(id.Value));
        }

        return packs;
    }

    /// <summary>Copies an object durably, then removes it from its place.</summary>
    public static async Task MoveAsync(Repository repository, BlobName name, CancellationToken ct)
    {
        await CopyAsync(repository, name, new BlobName(Prefix + name.Value), ct);
        await repository.Store.DeleteAsync(name, ct);
    }

    public static async Task CopyAsync(Repository repository, BlobName name, BlobName to, CancellationToken ct)
    {
        var bytes = await repository.Objects.ReadAllAsync(name, MaxBytes, ct);
        try
        {
            await repository.Store.PutAsync(to, bytes, ct);
        }
        catch (EngineException e) when (e.Fault == Fault.NameTaken)
        {
            // Damaged twice in different ways: the first copy stays, the second gets a name by its content.
            var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
            await repository.Store.PutAsync(new BlobName($"{to.Value}-{hash[..16]}"), bytes, ct);
        }
    }
}
