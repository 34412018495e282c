namespace HyperBdr.Engine.Index;

/// <summary>The packs of several segments in one table, each once and in order, so that entries keep their order when they change tables.</summary>
internal sealed class PackUnion
{
    private readonly uint[][] rows;

    public PackUnion(IReadOnlyList<IndexSegment> segments)
    {
        Packs = Sorted([.. segments.SelectMany(segment => segment.Packs)]);
        rows = new uint[segments.Count][];
        for (var i = 0; i < rows.Length; i++) rows[i] = Array.ConvertAll(segments[i].Packs, RowOf);
    }

    public PackInfo[] Packs { get; }

    public uint Row(int segment, uint pack) => rows[segment][pack];

    /// <summary>In order, each once.</summary>
    public static PackInfo[] Sorted(PackInfo[] packs)
    {
        Array.Sort(packs);
        var kept = 0;
        for (var i = 0; i < packs.Length; i++)
        {
            if (kept == 0 || packs[kept - 1] != packs[i]) packs[kept++] = packs[i];
        }

        return kept == packs.Length ? packs : packs[..kept];
    }

    private uint RowOf(PackInfo pack) => (uint)Array.BinarySearch(Packs, pack);
}
