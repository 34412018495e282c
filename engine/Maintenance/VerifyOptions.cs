namespace HyperBdr.Engine.Maintenance;

/// <summary>How much a verification reads.</summary>
public enum VerifyLevel
{
    /// <summary>Manifests, block maps, index, and one listing of the packs: finds what is missing or cut.</summary>
    Quick,
    /// <summary>Also reads every pack and checks every blob's tag and the pack's directory: finds what has changed.</summary>
    Tags,
    /// <summary>Also hashes every pack, decompresses every blob and computes its id: what a restore of everything would find.</summary>
    Full,
}

/// <summary>What a verification does.</summary>
public sealed record VerifyOptions
{
    /// <summary>How much is read.</summary>
    public VerifyLevel Level { get; init; } = VerifyLevel.Full;

    /// <summary>Packs that are checked side by side, 1 to 64; the number of processors by itself. Each takes about 5 MiB.</summary>
    public int Workers { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 64);

    internal VerifyOptions Checked() =>
        Workers is >= 1 and <= 64 ? this : throw new EngineException(Fault.InvalidArgument, "verify options", "workers must be 1 to 64");
}

/// <summary>Counts of a running verification; may be read at any time from any thread.</summary>
public sealed class VerifyProgress
{
    private long totalBytes, doneBytes, packs, blobs, points;

    /// <summary>Bytes of the packs to be read; 0 for <see cref="VerifyLevel.Quick"/> and while unknown.</summary>
    public long TotalBytes => Interlocked.Read(ref totalBytes);

    /// <summary>Bytes of packs that were read.</summary>
    public long DoneBytes => Interlocked.Read(ref doneBytes);

    /// <summary>Packs that were checked.</summary>
    public long Packs => Interlocked.Read(ref packs);

    /// <summary>Blobs that were checked.</summary>
    public long Blobs => Interlocked.Read(ref blobs);

    /// <summary>Recovery points whose block maps were walked.</summary>
    public long Points => Interlocked.Read(ref points);

    internal void AddTotal(long bytes) => Interlocked.Add(ref totalBytes, bytes);

    internal void AddDone(long bytes) => Interlocked.Add(ref doneBytes, bytes);

    internal void AddPack(int count)
    {
        Interlocked.Increment(ref packs);
        Interlocked.Add(ref blobs, count);
    }

    internal void AddPoint() => Interlocked.Increment(ref points);
}

/// <summary>What a verification found.</summary>
/// <param name="Level">How much was read.</param>
/// <param name="Points">Recovery points that hold.</param>
/// <param name="Packs">Packs that were checked.</param>
/// <param name="Blobs">Blobs that were checked.</param>
/// <param name="UnindexedPacks">Packs that no index object lists: of sessions that run or were killed; no fault.</param>
/// <param name="Findings">What is wrong, by object; at most 10,000.</param>
/// <param name="FindingsLeftOut">Findings beyond those.</param>
/// <param name="Damage">What that means for recovery points; empty when each can be restored whole.</param>
public sealed record VerifyResult(
    VerifyLevel Level, int Points, long Packs, long Blobs, int UnindexedPacks, IReadOnlyList<Finding> Findings, long FindingsLeftOut, IReadOnlyList<DiskDamage> Damage)
{
    /// <summary>True when nothing is wrong.</summary>
    public bool IsWhole => Findings.Count == 0 && Damage.Count == 0;
}
