using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Maps;

/// <summary>Which blocks the nodes of a block map cover (docs/formats/block-map.md). Pure arithmetic.</summary>
public static class MapShape
{
    /// <summary>log2 of <see cref="MapLimits.LeafBlocks"/>.</summary>
    private const int LeafBits = 11;

    /// <summary>log2 of <see cref="MapLimits.FanOut"/>.</summary>
    private const int FanOutBits = 7;

    /// <summary>Blocks of the largest disk.</summary>
    public const long MaxBlocks = 1L << (LeafBits + (FanOutBits * MapLimits.MaxLevel));

    /// <summary>Bytes of the largest disk: 2 PiB.</summary>
    public const long MaxLength = MaxBlocks * Block.Size;

    /// <summary>Blocks that a node of this level covers: 2048 for a leaf (level 0), 128 times as many with each level.</summary>
    public static long Span(int level) => 1L << (LeafBits + (FanOutBits * level));

    /// <summary>The level of the root of a disk of so many bytes: the smallest that covers it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or above <see cref="MaxLength"/>.</exception>
    public static int LevelFor(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, MaxLength);
        var blocks = Block.CountFor(lengthBytes);
        var level = 0;
        while (Span(level) < blocks) level++;
        return level;
    }

    /// <summary>First block of the node of this level that covers a block.</summary>
    internal static long StartOf(int level, long block) => block & -Span(level);

    /// <summary>Which child of its parent the node of this level is that covers a block.</summary>
    internal static int Slot(int level, long block) => (int)(block >> (LeafBits + (FanOutBits * level))) & (MapLimits.FanOut - 1);

    /// <summary>The highest level, up to <paramref name="highest"/>, of a node that lies wholly between two blocks and begins with the first; -1 for none.</summary>
    internal static int LargestWithin(long first, long end, int highest)
    {
        var level = -1;
        while (level < highest && StartOf(level + 1, first) == first && Span(level + 1) <= end - first) level++;
        return level;
    }

    /// <summary>Refuses a root that no builder can have made; roots come from outside, in manifests.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/></exception>
    internal static void Check(MapRoot root)
    {
        if (root.Length is < 0 or > MaxLength) throw NodeFormat.Corrupt(root.Node, $"a disk of {root.Length} bytes");
        if (root.Level != LevelFor(root.Length)) throw NodeFormat.Corrupt(root.Node, $"a root of level {root.Level} for a disk of {root.Length} bytes");
    }
}
