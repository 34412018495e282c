using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Repositories;

/// <summary>How disks are cut into chunks; fixed for a repository's life, because other cuts would find no duplicates.</summary>
/// <param name="MinimumBlocks">Blocks of 4 KiB that a chunk has at least, but for the last of a disk or of a changed run; 1 or more.</param>
/// <param name="AverageMaskBits">After the minimum, a cut follows one block in 2^this on average; 0 to 16.</param>
/// <param name="MaximumBlocks">Blocks that a chunk has at most; up to <see cref="MapLimits.MaxChunkBlocks"/>.</param>
/// <param name="CutSaltVersion">Which salt the cut hash has.</param>
public sealed record ChunkingConstants(ushort MinimumBlocks, byte AverageMaskBits, ushort MaximumBlocks, byte CutSaltVersion)
{
    private const byte MaxMaskBits = 16;

    /// <summary>32 KiB at least, about 160 KiB on average, 256 KiB at most.</summary>
    public static ChunkingConstants Default { get; } = new(8, 5, MapLimits.MaxChunkBlocks, 1);

    /// <summary>True within the limits.</summary>
    public bool IsAllowed =>
        MinimumBlocks >= 1 && MinimumBlocks <= MaximumBlocks && MaximumBlocks <= MapLimits.MaxChunkBlocks && AverageMaskBits <= MaxMaskBits;
}
