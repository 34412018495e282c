using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>An extent whose count is not bounded yet: holes of missing subtrees join to any length.</summary>
internal readonly record struct Stretch(long Block, long Count, ChunkId Chunk, int ChunkBlock)
{
    /// <summary>Most blocks of one <see cref="MapExtent"/>: its count is 32 bits wide.</summary>
    public const int MaxExtentBlocks = 1 << 30;

    public long End => Block + Count;

    /// <summary>A hole between two blocks.</summary>
    public static Stretch Hole(long first, long end) => new(first, end - first, default, 0);

    /// <summary>True when <paramref name="next"/> begins where this ends and goes on in the same chunk or hole.</summary>
    public bool IsContinuedBy(in Stretch next) =>
        Count > 0 && next.Block == End && next.Chunk == Chunk && (Chunk.IsHole || next.ChunkBlock == ChunkBlock + Count);

    /// <summary>This and what continues it, as one.</summary>
    public Stretch With(in Stretch next) => this with { Count = Count + next.Count };

    /// <summary>As extents; only a hole can need more than one.</summary>
    public IEnumerable<MapExtent> Extents()
    {
        for (var block = Block; block < End;)
        {
            var count = (int)Math.Min(End - block, MaxExtentBlocks);
            yield return new MapExtent(block, count, Chunk, ChunkBlock);
            block += count;
        }
    }
}
