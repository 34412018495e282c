namespace HyperBdr.Engine.Restore;

/// <summary>Counts of a running restore, in bytes; may be read at any time from any thread.</summary>
public sealed class RestoreProgress
{
    private long total, done, written;

    /// <summary>Bytes to restore.</summary>
    public long Total => Interlocked.Read(ref total);

    /// <summary>Bytes that are behind the restore: written, holes, or found to be right already.</summary>
    public long Done => Interlocked.Read(ref done);

    /// <summary>Bytes written to the target.</summary>
    public long Written => Interlocked.Read(ref written);

    internal void AddTotal(long bytes) => Interlocked.Add(ref total, bytes);

    internal void AddDone(long bytes) => Interlocked.Add(ref done, bytes);

    internal void AddWritten(long bytes) => Interlocked.Add(ref written, bytes);
}
