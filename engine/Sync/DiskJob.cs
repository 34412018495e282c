using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Points;

namespace HyperBdr.Engine.Sync;

/// <summary>One disk to be written, with all that is known of it beforehand.</summary>
/// <param name="Name">The disk's name.</param>
/// <param name="Source">Its bytes now.</param>
/// <param name="Parent">The disk in the parent point; null for a full read.</param>
/// <param name="Changed">What may differ from the parent; null when that is not known.</param>
/// <param name="Hash">Tags blocks and decides cuts.</param>
/// <param name="ParentTags">Tags of the parent's blocks; null when there are none.</param>
/// <param name="NewTags">Takes the tags of this point.</param>
/// <param name="Compare">Compares with the parent itself where there are no tags; null where there are, or no parent.</param>
internal sealed record DiskJob(string Name, IBlockSource Source, DiskRecord? Parent, RangeSet? Changed, BlockHash Hash, TagTable? ParentTags, TagTable? NewTags, ParentCompare? Compare)
{
    private readonly HashSet<long> rewrite = [.. Parent?.Fragmented ?? []];

    /// <summary>True when the disk is amended: what is kept was counted when it was read first.</summary>
    public bool IsAmendment { get; init; }

    /// <summary>True for a block whose stretch of the map is too fragmented, so that it is stored anew although it did not change.</summary>
    public bool MustRewrite(long block) => rewrite.Count > 0 && rewrite.Contains(block / MapLimits.LeafBlocks);

    /// <summary>What must be read of a disk of so many bytes, ascending and on block bounds; the rest is as in the parent.</summary>
    public IEnumerable<ByteRange> RangesToRead(long length)
    {
        var whole = new ByteRange(0, length);
        if (length == 0) return [];
        if (Changed is null || Parent is null) return [whole];
        const long LeafBytes = (long)MapLimits.LeafBlocks * Block.Size;
        var ranges = Changed.Union(RangeSet.Touching(rewrite.Select(leaf => new ByteRange(leaf * LeafBytes, LeafBytes))));
        // A disk that has grown: nothing is known of what is new, and the last block of the old end may have been partial.
        if (length > Parent.Length) ranges = ranges.Union(RangeSet.Touching([new ByteRange(Parent.Length, length - Parent.Length)]));
        return ranges.Within(whole);
    }
}
