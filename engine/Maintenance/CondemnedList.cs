using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>What a collection thinks of every pack: live, condemned by it, condemned before, gone.</summary>
internal sealed class CondemnedList
{
    /// <summary>Packs that are remembered after their deletion; the latest, so that an epoch's object stays below some MiB.</summary>
    private const int MostDeleted = 16_384;

    private readonly Dictionary<PackId, CondemnedPack> list = [];
    private readonly Dictionary<PackId, (PackInfo Info, long Bytes)> live = [];
    private readonly CollectorEpoch before;
    private readonly DateTimeOffset now;
    private readonly TimeSpan minimumAge;
    private readonly Stock stock;

    public CondemnedList(CollectorEpoch before, DateTimeOffset now, TimeSpan minimumAge, IEnumerable<(PackInfo Pack, long LiveBlobs, long LiveBytes)> marked, Stock stock)
    {
        (this.before, this.now, this.minimumAge, this.stock) = (before, now, minimumAge, stock);
        foreach (var (pack, blobs, bytes) in marked)
        {
            if (blobs > 0) live[pack.Id] = (pack, bytes);
        }

        foreach (var condemned in before.Condemned) Keep(condemned);
        // Those that no index object lists are here too: what sessions left that were cut.
        foreach (var pack in stock.Packs.Values)
        {
            var id = new PackId(new Hash256(Convert.FromHexString(pack.Name.LastPart)));
            if (!live.ContainsKey(id) && now - pack.ModifiedAt >= minimumAge) Condemn(id);
        }
    }

    public int NewlyCondemned { get; private set; }

    public int NeededAgain { get; private set; }

    /// <summary>Live packs with too few live bytes that are older than one epoch, the emptiest first.</summary>
    public List<PackInfo> CompactionCandidates(double below, DateTimeOffset olderThan) =>
        [.. live.Values
            .Where(p => p.Bytes < below * p.Info.SealedBytes && !list.ContainsKey(p.Info.Id) && stock.Packs.TryGetValue(p.Info.Id, out var stored) && stored.ModifiedAt < olderThan)
            .OrderBy(p => (double)p.Bytes / p.Info.SealedBytes).ThenBy(p => p.Info.Id).Select(p => p.Info)];

    /// <summary>Packs whose live blobs are in other packs now.</summary>
    public void Add(IEnumerable<PackId> replaced)
    {
        foreach (var pack in replaced) Condemn(pack);
    }

    /// <summary>For the epoch's object.</summary>
    public List<CondemnedPack> List()
    {
        var gone = list.Values.Where(c => c.Deleted).OrderByDescending(c => c.Epoch).ThenBy(c => c.Pack, StringComparer.Ordinal).Take(MostDeleted);
        return [.. list.Values.Where(c => !c.Deleted).Concat(gone).OrderBy(c => c.Pack, StringComparer.Ordinal)];
    }

    /// <summary>Packs that may be deleted by the run that publishes this epoch.</summary>
    public HashSet<PackId> Due(uint epoch) =>
        [.. list.Values.Where(c => !c.Deleted && epoch >= c.Epoch + 2 && now - c.At >= minimumAge).Select(c => c.Id)];

    private void Keep(CondemnedPack condemned)
    {
        var id = condemned.Id;
        if (live.ContainsKey(id) && stock.Packs.ContainsKey(id)) NeededAgain++;
        else if (!stock.Packs.ContainsKey(id)) list[id] = condemned with { Deleted = true };
        // A deleted pack that is there again, by a put that came late, must not be used: a deletion may come late too.
        else if (condemned.Deleted) Condemn(id);
        else list[id] = condemned;
    }

    private void Condemn(PackId id)
    {
        if (list.TryAdd(id, new CondemnedPack(id.ToString(), before.Number + 1, now))) NewlyCondemned++;
    }
}
