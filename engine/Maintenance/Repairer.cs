using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>What a repair did.</summary>
/// <param name="Before">What a full verification found before.</param>
/// <param name="Salvaged">Blobs of damaged packs that are intact and lie in new packs now.</param>
/// <param name="LostBlobs">Blobs that cannot be read and lie in no other pack.</param>
/// <param name="Quarantined">Objects whose bytes were copied to <c>quarantine/</c>.</param>
/// <param name="Lost">What is lost for recovery points; their next backup stores it anew if the source still has it.</param>
public sealed record RepairResult(VerifyResult Before, int Salvaged, int LostBlobs, IReadOnlyList<string> Quarantined, IReadOnlyList<DiskDamage> Lost);

/// <summary>Saves what can be saved of damaged packs. Adds only: intact blobs go into new packs, damaged bytes to quarantine, and the index stops naming what cannot be read.</summary>
/// <remarks>
/// No point looks whole that is not: what is lost is missing afterwards, and verification says so. The damaged pack itself stays until a collection
/// removes it as one that nothing needs. Runs beside every other operation; cut at any point, it can be run again.
/// </remarks>
public static class Repairer
{
    /// <summary>Verifies in full, then repairs.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="progress">Counts of the verification.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="EngineException">A fault of the store.</exception>
    public static Task<RepairResult> RunAsync(Repository repository, VerifyProgress progress, CancellationToken ct) => new Repair(repository, progress).RunAsync(ct);
}

/// <summary>One repair.</summary>
internal sealed class Repair(Repository repository, VerifyProgress progress)
{
    private const int PackBytes = 16 * 1024 * 1024;
    private readonly List<PackEntry> written = [];
    private readonly List<string> quarantined = [];
    private int salvaged;
    private int lost;

    public async Task<RepairResult> RunAsync(CancellationToken ct)
    {
        // Packs that no index object lists are in play too: their blobs may be the only intact copies.
        await IndexRebuilder.RunAsync(repository, new VerifyProgress(), ct);
        var damaged = new Dictionary<PackId, PackVerdict>();
        var stock = await PackStock.ListAsync(repository, ct);
        var before = await Verifier.RunAsync(repository, new VerifyOptions(), progress, ct);
        var scan = new PackScan(repository, stock, static _ => true, full: true, workers: 1, new VerifyProgress());
        if (before.Findings.Count > 0) await scan.RunAsync(v => Note(damaged, v), static _ => { }, ct);
        var gone = await GoneAsync(stock, ct);
        if (damaged.Count > 0) await SalvageAsync(damaged, stock, ct);
        // First the new places are durable and listed, then the old ones are no longer named.
        gone.UnionWith(damaged.Keys);
        if (gone.Count > 0) await new IndexRewrite(repository, int.MaxValue).RunAsync(gone, ct);
        await repository.SyncIndexAsync(ct);
        var after = await Verifier.RunAsync(repository, new VerifyOptions { Level = VerifyLevel.Quick }, new VerifyProgress(), ct);
        return new RepairResult(before, salvaged, lost, quarantined, after.Damage);
    }

    private async Task<HashSet<PackId>> GoneAsync(Dictionary<PackId, BlobInfo> stock, CancellationToken ct)
    {
        var gone = new HashSet<PackId>();
        foreach (var pack in repository.Index.Packs.Where(p => !stock.ContainsKey(p.Id)))
        {
            if (await repository.Store.FindAsync(PackFetcher.NameOf(pack.Id), ct) is null) gone.Add(pack.Id);
        }

        return gone;
    }

    private static void Note(Dictionary<PackId, PackVerdict> damaged, PackVerdict verdict)
    {
        // What a store cannot give at the moment is not known to be damaged.
        if (verdict.Problems.Count > 0 && verdict.Problems.TrueForAll(p => p.Fault is Fault.Corrupt or Fault.ForeignRepository)) damaged[verdict.Pack.Id] = verdict;
    }

    private async Task SalvageAsync(Dictionary<PackId, PackVerdict> damaged, Dictionary<PackId, BlobInfo> stock, CancellationToken ct)
    {
        using var opener = new BlobOpener(repository.Objects.Keys);
        var into = GC.AllocateUninitializedArray<byte>(PackBuilder.BufferSize(PackBytes));
        foreach (var kind in (PackKind[])[PackKind.Data, PackKind.Map])
        {
            using var compressor = new BlobCompressor(kind == PackKind.Map ? Compression.None : Compression.Zstd);
            using var builder = new PackBuilder(repository.Objects.Keys, kind, compressor, PackBytes);
            foreach (var verdict in damaged.Values.Where(v => v.Pack.Kind == kind).OrderBy(v => v.Pack.Id))
            {
                var name = PackFetcher.NameOf(verdict.Pack.Id);
                await Quarantine.CopyAsync(repository, name, Quarantine.NameOf(verdict.Pack.Id), ct);
                quarantined.Add(name.Value);
                await CopyAsync(verdict, stock[verdict.Pack.Id].Length, opener, builder, into, ct);
            }

            await StoreAsync(builder, ct);
        }

        foreach (var part in written.Chunk(8)) await repository.Objects.PutIndexAsync(part, ct);
    }

    private async Task CopyAsync(PackVerdict verdict, long length, BlobOpener opener, PackBuilder builder, byte[] into, CancellationToken ct)
    {
        var bad = verdict.BadSlots.ToHashSet();
        lost += bad.Count(slot => !repository.Index.FindAll(verdict.Pack.Blobs[slot].Id).Any(at => at.Pack != verdict.Pack.Id));
        if (bad.Count == verdict.Pack.Blobs.Count) return;
        var content = await PackContent.ReadAsync(repository, verdict.Pack.Id, length, ct);
        using var cipher = new PackCipher(repository.Objects.Keys, content.Header);
        var plain = new byte[PackLayout.MaxBlobPlain];
        // By the index, because the directory may be what is damaged.
        foreach (var (blob, at) in content.Placed(verdict.Pack.Blobs))
        {
            if (bad.Contains((int)at.Slot) || at.Offset + at.SealedLength > length) continue;
            var bytes = plain.AsMemory(0, (int)blob.PlainLength);
            if (!opener.TryOpen(cipher, verdict.Pack.Kind, blob.Id, at, content.Sealed(at).Span, bytes.Span)) continue;
            if (builder.IsFull) await StoreAsync(builder, ct);
            if (builder.IsEmpty) builder.Begin(into);
            builder.Add(blob.Id, bytes.Span);
            salvaged++;
        }
    }

    private async Task StoreAsync(PackBuilder builder, CancellationToken ct)
    {
        if (builder.IsEmpty) return;
        var pack = builder.Finish();
        await repository.Store.PutAsync(PackFetcher.NameOf(pack.Entry.Id), pack.Content, ct);
        written.Add(pack.Entry);
    }
}
