using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>The packs that a store lists, with length and age.</summary>
internal static class PackStock
{
    public const string Prefix = "packs/";

    public static async Task<Dictionary<PackId, BlobInfo>> ListAsync(Repository repository, CancellationToken ct)
    {
        var packs = new Dictionary<PackId, BlobInfo>();
        await foreach (var blob in repository.Store.ListAsync(Prefix, ct))
        {
            if (IdOf(blob.Name) is { } id) packs[id] = blob;
        }

        return packs;
    }

    private static PackId? IdOf(BlobName name) =>
        PointId.TryParse(name.LastPart) is { } hash && PackFetcher.NameOf(new PackId(hash.Value)) == name ? new PackId(hash.Value) : null;
}
