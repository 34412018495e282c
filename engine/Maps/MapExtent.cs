using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>A run of a disk's blocks and the part of a chunk that holds them.</summary>
/// <param name="Block">First block of the disk.</param>
/// <param name="Count">Blocks, 1 or more.</param>
/// <param name="Chunk">The chunk; <c>default</c> for a hole, which reads as zeros.</param>
/// <param name="ChunkBlock">The block inside the chunk that the run begins with; 0 for a hole.</param>
public readonly record struct MapExtent(long Block, int Count, ChunkId Chunk, int ChunkBlock)
{
    /// <summary>The block after the last.</summary>
    public long End => Block + Count;

    /// <summary>True when the run reads as zeros.</summary>
    public bool IsHole => Chunk.IsHole;
}

/// <summary>The root of a disk's block map.</summary>
/// <param name="Node">The root node; <c>default</c> when the whole disk is a hole.</param>
/// <param name="Level">Height of the root: 0 for a leaf.</param>
/// <param name="Length">Bytes of the disk.</param>
public readonly record struct MapRoot(ChunkId Node, int Level, long Length);
