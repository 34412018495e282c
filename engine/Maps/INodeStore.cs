using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>Where the nodes of block maps are kept, by the keyed hash of their bytes.</summary>
public interface INodeStore
{
    /// <summary>The bytes of a node, checked against its id.</summary>
    /// <exception cref="EngineException"><see cref="Fault.MissingData"/>, <see cref="Fault.Corrupt"/></exception>
    ValueTask<ReadOnlyMemory<byte>> LoadAsync(ChunkId id, CancellationToken ct);

    /// <summary>Keeps a node (at most <see cref="MapLimits.MaxNodeBytes"/>) and gives its id; a node that is there already costs nothing.</summary>
    ValueTask<ChunkId> SaveAsync(ReadOnlyMemory<byte> node, CancellationToken ct);
}

/// <summary>The constants of the block map's format (docs/formats/block-map.md).</summary>
public static class MapLimits
{
    /// <summary>Blocks that a leaf covers: 8 MiB of disk.</summary>
    public const int LeafBlocks = 2048;

    /// <summary>Children of an inner node: level 1 covers 1 GiB, level 2 128 GiB, level 3 16 TiB, level 4 2 PiB.</summary>
    public const int FanOut = 128;

    /// <summary>Highest level of a root.</summary>
    public const int MaxLevel = 4;

    /// <summary>Largest node.</summary>
    public const int MaxNodeBytes = 128 * 1024;

    /// <summary>Blocks of the largest chunk, so that an offset into a chunk is below this: 256 KiB.</summary>
    public const int MaxChunkBlocks = 64;
}
