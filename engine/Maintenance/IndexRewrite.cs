using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Writes index objects anew without packs that go, and puts many small ones together: new ones first, then the old are deleted.</summary>
/// <remarks>
/// An object is left alone unless it names a pack that goes or there are too many small ones, because every machine loads a new object
/// again, with all that its local segment covered beside it.
/// </remarks>
internal sealed class IndexRewrite(Repository repository, int mostSmall)
{
    /// <summary>Stored bytes of an object that is small: about an eighth of a full one.</summary>
    private const int SmallBytes = 400_000;

    private readonly List<PackEntry> open = [];
    private readonly List<BlobName> replaced = [];
    private int blobs;

    public async Task RunAsync(HashSet<PackId> gone, CancellationToken ct)
    {
        var objects = await ListAsync(ct);
        var small = objects.Where(o => o.Length < SmallBytes).Select(o => o.Name).ToHashSet();
        var gather = small.Count > mostSmall;
        if (gone.Count == 0 && !gather) return;
        foreach (var name in objects.Select(o => o.Name))
        {
            if (gone.Count == 0 && !small.Contains(name)) continue;
            if (await LoadAsync(name, ct) is { } packs && (packs.Any(p => gone.Contains(p.Id)) || (gather && small.Contains(name)))) await TakeAsync(name, packs.Where(p => !gone.Contains(p.Id)), ct);
        }

        await FlushAsync(ct);
    }

    private async Task<List<BlobInfo>> ListAsync(CancellationToken ct)
    {
        var objects = new List<BlobInfo>();
        await foreach (var blob in repository.Store.ListAsync(RepositoryObjects.IndexPrefix, ct)) objects.Add(blob);
        objects.Sort((a, b) => string.CompareOrdinal(a.Name.Value, b.Name.Value));
        return objects;
    }

    private async Task<IReadOnlyList<PackEntry>?> LoadAsync(BlobName name, CancellationToken ct)
    {
        try
        {
            return IndexObject.Decode(await repository.Objects.GetIndexAsync(name.Value, ct));
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            return null;
        }
    }

    private async Task TakeAsync(BlobName name, IEnumerable<PackEntry> packs, CancellationToken ct)
    {
        var left = packs.ToList();
        var ids = open.Select(p => p.Id).ToHashSet();
        // A pack that two objects list is kept once; when they disagree, both lists stay, in objects of their own.
        left.RemoveAll(p => open.Find(o => o.Id == p.Id) is { } same && same.Kind == p.Kind && same.Length == p.Length && same.Blobs.SequenceEqual(p.Blobs));
        var count = left.Sum(p => p.Blobs.Count);
        if (blobs + count > IndexObject.MaxBlobs || left.Exists(p => ids.Contains(p.Id))) await FlushAsync(ct);
        open.AddRange(left);
        blobs += count;
        replaced.Add(name);
    }

    private async Task FlushAsync(CancellationToken ct)
    {
        if (open.Count > 0) await repository.Objects.PutIndexAsync(open, ct);
        foreach (var name in replaced) await repository.Store.DeleteAsync(name, ct);
        open.Clear();
        replaced.Clear();
        blobs = 0;
    }
}
