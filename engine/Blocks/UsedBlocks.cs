using HyperBdr.Engine.Blocks.Used;

namespace HyperBdr.Engine.Blocks;

/// <summary>What the caller vouches for before a file system's own account of its free room is believed.</summary>
public enum UsedBlocksTrust
{
    /// <summary>Nothing: only a file system that was unmounted cleanly is believed. The caller knows that nothing mounts it while it is read.</summary>
    CleanOnly,

    /// <summary>Every file system on the disk is frozen (FIFREEZE), or the source is a snapshot that was taken while it was frozen.</summary>
    Frozen,
}

/// <summary>One volume of a disk and what was found in it.</summary>
/// <param name="Range">Where the volume lies.</param>
/// <param name="Kind"><c>ext</c>, <c>xfs</c>, <c>swap</c> or <c>unknown</c>.</param>
/// <param name="UnusedBytes">Bytes that need not be read.</param>
/// <param name="WhyAllUsed">Why the volume is read whole; null when its account was believed.</param>
public sealed record VolumeUse(ByteRange Range, string Kind, long UnusedBytes, string? WhyAllUsed);

/// <summary>Which ranges of a disk hold nothing, by the accounts of its file systems.</summary>
/// <remarks><para>Used data is never called unused: whatever is not understood in full and consistent in itself counts as used. Read whole
/// are partition tables, gaps between partitions, everything outside of a file system's own blocks, LVM, md, LUKS, btrfs and all other
/// contents, file systems that are unclean (unless frozen), damaged, or use features that are not listed here, and free runs below 64 KiB.</para>
/// <para>Understood: GPT (both copies must be valid and agree), MBR with logical partitions, disks without a table; ext2, ext3 and ext4
/// (checksums of superblock, descriptors and bitmaps, free counts; not meta_bg, bigalloc, sparse_super2), XFS v4 and v5 (CRCs, the whole
/// free-space tree against its count, an unmount record at the log's head), and swap space where asked for.</para>
/// <para>The answer is of the moment when it was read. On a source that goes on being written, blocks that are written later
/// count as used, whatever is said here: freeze, ask, then add the change map. Source of the layouts: the kernel's documentation
/// (filesystems/ext4), the XFS Algorithms and Data Structures document, UEFI 2.10 chapter 5.</para></remarks>
public sealed class UsedBlocks
{
    private UsedBlocks(RangeSet unused, IReadOnlyList<VolumeUse> volumes, string? whyAllUsed)
    {
        Unused = unused;
        Volumes = volumes;
        WhyAllUsed = whyAllUsed;
    }

    /// <summary>What need not be read, in whole blocks.</summary>
    public RangeSet Unused { get; }

    /// <summary>The volumes that were looked at, in the order of the table.</summary>
    public IReadOnlyList<VolumeUse> Volumes { get; }

    /// <summary>Why the disk as a whole is read; null when its table was understood.</summary>
    public string? WhyAllUsed { get; }

    /// <summary>Looks at the disk's table and its file systems, reading through the source.</summary>
    /// <param name="source">Of known length, or everything is used.</param>
    /// <param name="trust">What the caller vouches for.</param>
    /// <param name="skipSwap">True: the content of swap space is not wanted; its header is kept, so that the machine still finds it.</param>
    /// <param name="ct">Cancels.</param>
    /// <remarks>An unreadable place makes its volume count as used: the reader of the data meets the error itself.</remarks>
    public static async Task<UsedBlocks> FindAsync(IBlockSource source, UsedBlocksTrust trust, bool skipSwap, CancellationToken ct)
    {
        if (source.Length is not { } length) return new UsedBlocks(RangeSet.Empty, [], "the length is not known");
        IReadOnlyList<Partition> partitions;
        try
        {
            var disk = new VolumeReader(source, new ByteRange(0, length));
            if (await Signatures.FindAsync(disk, ct) is { } signature) throw new DoubtException($"the disk carries a signature of {signature}");
            partitions = await PartitionTable.ReadAsync(disk, ct);
        }
        catch (Exception e) when (IsDoubt(e))
        {
            return new UsedBlocks(RangeSet.Empty, [], e.Message);
        }

        var unused = RangeSet.Empty;
        var volumes = new List<VolumeUse>();
        foreach (var partition in partitions)
        {
            var (use, found) = await LookAsync(source, partition, trust, skipSwap, ct);
            volumes.Add(use);
            unused = unused.Union(found);
        }

        return new UsedBlocks(unused, volumes, null);
    }

    private static async Task<(VolumeUse Use, RangeSet Unused)> LookAsync(
        IBlockSource source, Partition partition, UsedBlocksTrust trust, bool skipSwap, CancellationToken ct)
    {
        var kind = "unknown";
        try
        {
            var volume = new VolumeReader(source, partition.Range);
            kind = await Signatures.KindAsync(volume, ct);
            if (partition.IsContainer) throw new DoubtException("the partition's type says that it holds no file system of its own");
            if (await Signatures.FindAsync(volume, ct) is { } signature) throw new DoubtException($"the volume carries a signature of {signature}");
            var unused = kind switch
            {
                "ext" => await ExtUsage.UnusedAsync(volume, trust, ct),
                "xfs" => await XfsUsage.UnusedAsync(volume, trust, ct),
                "swap" => await SwapUsage.UnusedAsync(volume, partition.IsSwap, skipSwap, ct),
                _ => throw new DoubtException("not a file system that is understood"),
            };
            return (new VolumeUse(partition.Range, kind, unused.ByteCount, null), unused);
        }
        catch (Exception e) when (IsDoubt(e))
        {
            return (new VolumeUse(partition.Range, kind, 0, e.Message), RangeSet.Empty);
        }
    }

    private static bool IsDoubt(Exception e) => e is DoubtException or EngineException { Fault: Fault.SourceUnreadable };
}
