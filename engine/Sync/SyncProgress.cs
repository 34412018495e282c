using HyperBdr.Engine.Points;

namespace HyperBdr.Engine.Sync;

/// <summary>Counts of a running session, in bytes; may be read at any time from any thread.</summary>
public sealed class SyncProgress
{
    private long total, done, read, unchanged, deduplicated, added, stored;

    /// <summary>Bytes of all disks of the session; 0 while unknown.</summary>
    public long Total => Interlocked.Read(ref total);

    /// <summary>Bytes of disk that are behind the session: read, holes, or known not to have changed.</summary>
    public long Done => Interlocked.Read(ref done);

    /// <summary>What the session did so far.</summary>
    public PointStatistics Statistics => new(Interlocked.Read(ref read), Interlocked.Read(ref unchanged), Interlocked.Read(ref deduplicated), Interlocked.Read(ref added), Interlocked.Read(ref stored));

    /// <summary>Time that is left at the pace so far; null before anything is done.</summary>
    /// <param name="elapsed">Time since the session began.</param>
    public TimeSpan? Remaining(TimeSpan elapsed) => Done > 0 && Total >= Done ? elapsed * ((double)(Total - Done) / Done) : null;

    internal void AddTotal(long bytes) => Interlocked.Add(ref total, bytes);

    internal void AddDone(long bytes) => Interlocked.Add(ref done, bytes);

    internal void AddRead(long bytes) => Interlocked.Add(ref read, bytes);

    internal void AddUnchanged(long bytes) => Interlocked.Add(ref unchanged, bytes);

    internal void AddDeduplicated(long bytes) => Interlocked.Add(ref deduplicated, bytes);

    internal void AddNew(long bytes) => Interlocked.Add(ref added, bytes);

    internal void AddStored(long bytes) => Interlocked.Add(ref stored, bytes);
}
