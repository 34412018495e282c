using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>What a rebuild did.</summary>
/// <param name="PacksAdded">Packs that no readable index object listed and that one lists now.</param>
/// <param name="ObjectsAdded">Index objects that were written.</param>
/// <param name="Quarantined">Index objects that cannot be read: copied to <c>quarantine/index/…</c>, then removed.</param>
/// <param name="Findings">Packs whose directory cannot be read, and what could be told of them.</param>
public sealed record RebuildResult(int PacksAdded, int ObjectsAdded, IReadOnlyList<string> Quarantined, IReadOnlyList<Finding> Findings);

/// <summary>Makes the index again from the packs' own directories. Only adds, but for index objects that cannot be read, which are set aside.</summary>
/// <remarks>
/// Runs beside every other operation: it lists a pack that waits for its deletion, too, but a writer knows what is condemned. A pack with a
/// damaged directory cannot be listed, because ids are part of what seals a blob; it is reported, and left as it is.
/// </remarks>
public static class IndexRebuilder
{
    /// <summary>Runs one rebuild.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="progress">Counts packs while it runs.</param>
    /// <param name="ct">Cancels; what was written stays and is used.</param>
    /// <exception cref="EngineException">A fault of the store.</exception>
    public static Task<RebuildResult> RunAsync(Repository repository, VerifyProgress progress, CancellationToken ct) => new IndexRebuild(repository, progress).RunAsync(ct);
}

/// <summary>One rebuild.</summary>
internal sealed class IndexRebuild(Repository repository, VerifyProgress progress)
{
    private const int SideBySide = 8;
    private readonly FindingList findings = new();
    private readonly List<PackEntry> open = [];
    private int added;
    private int objects;

    public async Task<RebuildResult> RunAsync(CancellationToken ct)
    {
        var (listed, unreadable) = await ReadIndexAsync(ct);
        var stock = await PackStock.ListAsync(repository, ct);
        // What a repair took out of the index because it is damaged stays out.
        var damaged = await Quarantine.PacksAsync(repository, ct);
        var missing = stock.Where(p => !listed.Contains(p.Key) && !damaged.Contains(p.Key)).OrderBy(p => p.Key).ToList();
        foreach (var batch in missing.Chunk(SideBySide))
        {
            var entries = await Task.WhenAll(batch.Select(p => ReadAsync(p.Key, p.Value.Length, ct)));
            foreach (var entry in entries.OfType<PackEntry>()) await AddAsync(entry, ct);
        }

        await FlushAsync(ct);
        // Only when all is listed elsewhere that can be listed.
        foreach (var name in unreadable) await Quarantine.MoveAsync(repository, name, ct);
        var (kept, _) = findings.Take();
        return new RebuildResult(added, objects, [.. unreadable.Select(n => n.Value)], kept);
    }

    private async Task<(HashSet<PackId> Listed, List<BlobName> Unreadable)> ReadIndexAsync(CancellationToken ct)
    {
        var (listed, unreadable) = (new HashSet<PackId>(), new List<BlobName>());
        foreach (var name in await repository.Objects.ListAsync(RepositoryObjects.IndexPrefix, ct))
        {
            try
            {
                foreach (var pack in IndexObject.Decode(await repository.Objects.GetIndexAsync(name.Value, ct))) listed.Add(pack.Id);
            }
            catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository)
            {
                unreadable.Add(name);
                findings.Add(new Finding(e.Fault, name.Value, e.Message));
            }
            catch (EngineException e) when (e.Fault == Fault.NotFound)
            {
                // A collector put another in its place; if that is not seen, its packs are listed twice, which does no harm.
            }
        }

        return (listed, unreadable);
    }

    private async Task<PackEntry?> ReadAsync(PackId pack, long length, CancellationToken ct)
    {
        var name = PackFetcher.NameOf(pack);
        try
        {
            if (length is < PackLayout.HeaderSize + PackDirectory.TrailerSize or > PackLayout.MaxPackBytes) throw new EngineException(Fault.Corrupt, name.Value, $"has {length} bytes, which no pack has");
            var head = new byte[PackLayout.HeaderSize];
            await ReadFullyAsync(name, 0, head, ct);
            var header = PackHeader.Parse(head, name.Value);
            if (header.RepositoryId != repository.Config.RepositoryId) throw new EngineException(Fault.ForeignRepository, name.Value, $"is a pack of the repository {header.RepositoryId}");
            var trailer = new byte[PackDirectory.TrailerSize];
            await ReadFullyAsync(name, length - trailer.Length, trailer, ct);
            var directory = new byte[PackDirectory.ParseTrailer(trailer, length, name.Value)];
            await ReadFullyAsync(name, length - trailer.Length - directory.Length, directory, ct);
            using var cipher = new PackCipher(repository.Objects.Keys, header);
            var entry = new PackEntry(pack, header.Kind, (uint)length, PackDirectory.Open(directory, cipher, length, name.Value));
            IndexObject.Check([entry], Fault.Corrupt);
            progress.AddPack(entry.Blobs.Count);
            return entry;
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.NewerFormat or Fault.MissingEpoch)
        {
            findings.Add(new Finding(e.Fault, name.Value, $"{e.Message}; its blobs cannot be listed without the ids in its directory"));
            return null;
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            return null;
        }
    }

    private async Task ReadFullyAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
    {
        if (await repository.Store.ReadAsync(name, offset, into, ct) != into.Length) throw new EngineException(Fault.Corrupt, name.Value, "is cut");
    }

    private async Task AddAsync(PackEntry entry, CancellationToken ct)
    {
        if (open.Sum(p => p.Blobs.Count) + entry.Blobs.Count > IndexObject.MaxBlobs) await FlushAsync(ct);
        open.Add(entry);
        added++;
    }

    private async Task FlushAsync(CancellationToken ct)
    {
        if (open.Count == 0) return;
        await repository.Objects.PutIndexAsync(open, ct);
        objects++;
        open.Clear();
    }
}
