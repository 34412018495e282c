using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Writes the live blobs of packs that are mostly dead into new packs. The old packs are condemned only after the new ones are in a durable index object.</summary>
/// <remarks>Every blob is opened and checked, and sealed anew under the latest seal epoch. A pack with a damaged live blob stays as it is. Cut at any point, it leaves copies that the next collection removes.</remarks>
internal sealed class Compactor(Repository repository, MarkSet marks, CollectPolicy policy, CollectProgress progress, List<Finding> findings)
{
    private const int PackBytes = 16 * 1024 * 1024;
    private const int PacksPerIndex = 16;
    private readonly List<PackEntry> unindexed = [];
    private readonly List<PackId> copied = [];
    private readonly List<PackId> replaced = [];

    /// <summary>The packs whose live blobs are safe elsewhere.</summary>
    public async Task<IReadOnlyList<PackId>> RunAsync(List<PackInfo> candidates, CancellationToken ct)
    {
        var left = policy.CompactBytes;
        var chosen = candidates.TakeWhile(p => (left -= p.Length) >= 0).ToList();
        if (chosen.Count == 0) return [];
        using var opener = new BlobOpener(repository.Objects.Keys);
        var into = GC.AllocateUninitializedArray<byte>(PackBuilder.BufferSize(PackBytes));
        foreach (var kind in (PackKind[])[PackKind.Data, PackKind.Map])
        {
            using var compressor = new BlobCompressor(kind == PackKind.Map ? Compression.None : Compression.Zstd);
            using var builder = new PackBuilder(repository.Objects.Keys, kind, compressor, PackBytes);
            foreach (var pack in chosen.Where(p => p.Kind == kind)) await CopyAsync(pack, opener, builder, into, ct);
            await StoreAsync(builder, ct);
            await IndexAsync(ct);
        }

        return replaced;
    }

    private async Task CopyAsync(PackInfo pack, BlobOpener opener, PackBuilder builder, byte[] into, CancellationToken ct)
    {
        try
        {
            var content = await PackContent.ReadAsync(repository, pack.Id, pack.Length, ct);
            using var cipher = new PackCipher(repository.Objects.Keys, content.Header);
            var plain = new byte[PackLayout.MaxBlobPlain];
            foreach (var (blob, at) in content.Blobs(cipher))
            {
                if (!marks.IsMarked(blob.Id, pack.Id)) continue;
                var bytes = plain.AsMemory(0, (int)blob.PlainLength);
                if (!opener.TryOpen(cipher, pack.Kind, blob.Id, at, content.Sealed(at).Span, bytes.Span)) throw new EngineException(Fault.Corrupt, $"{content.Name} at offset {at.Offset}", $"chunk {blob.Id} is not what was written");
                if (builder.IsFull) await StoreAsync(builder, ct);
                if (builder.IsEmpty) builder.Begin(into);
                builder.Add(blob.Id, bytes.Span);
            }

            copied.Add(pack.Id);
            progress.AddCompacted();
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.NotFound or Fault.ForeignRepository or Fault.NewerFormat or Fault.MissingEpoch)
        {
            findings.Add(Finding.Of(e));
        }
    }

    private async Task StoreAsync(PackBuilder builder, CancellationToken ct)
    {
        if (builder.IsEmpty) return;
        var pack = builder.Finish();
        await repository.Store.PutAsync(PackFetcher.NameOf(pack.Entry.Id), pack.Content, ct);
        unindexed.Add(pack.Entry);
        if (unindexed.Count >= PacksPerIndex || unindexed.Sum(p => p.Blobs.Count) > IndexObject.MaxBlobs - PackLayout.MaxBlobsPerPack) await WriteIndexAsync(ct);
    }

    // Only with every pack in an index object is what was copied safe.
    private async Task IndexAsync(CancellationToken ct)
    {
        if (unindexed.Count > 0) await WriteIndexAsync(ct);
        replaced.AddRange(copied);
        copied.Clear();
    }

    private async Task WriteIndexAsync(CancellationToken ct)
    {
        PackEntry[] packs = [.. unindexed];
        var name = await repository.Objects.PutIndexAsync(packs, ct);
        await repository.Index.AddOwnAsync(name, packs, ct);
        unindexed.Clear();
    }
}
