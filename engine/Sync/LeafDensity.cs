using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Sync;

/// <summary>Counts the extents that a session puts into each leaf of a map and notes the leaves that have too many.</summary>
/// <remarks>A kept run counts as one, so that this needs no look at the parent; a leaf that broke up over many sessions is noted once one session changes enough of it.</remarks>
internal sealed class LeafDensity(int limit, List<long> fragmented)
{
    private long leaf = -1;
    private int extents;

    public void Add(long block, MapStep step)
    {
        var at = block / MapLimits.LeafBlocks;
        if (at != leaf)
        {
            leaf = at;
            extents = 0;
        }

        if (++extents == limit) fragmented.Add(leaf);
    }
}
