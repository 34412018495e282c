namespace HyperBdr.Capture;

/// <summary>What a capture is doing; never reported while file systems are frozen.</summary>
/// <param name="Stage">The part of the work.</param>
/// <param name="Round">0 for the first copy, then the copies of what changed.</param>
/// <param name="Disk">The disk that is read; empty where all are meant.</param>
/// <param name="PendingBytes">Bytes known to have changed since they were read; 0 where unknown. Bytes done are in the session's own progress.</param>
public sealed record CaptureProgress(CaptureStage Stage, int Round, string Disk, long PendingBytes);

/// <summary>Parts of a capture.</summary>
public enum CaptureStage
{
    /// <summary>The disks are copied while the machine works.</summary>
    Copy,
    /// <summary>What changed meanwhile is copied again.</summary>
    CopyChanges,
    /// <summary>Scripts run, file systems are about to be frozen.</summary>
    Quiesce,
    /// <summary>The file systems are thawed, the last blocks are stored.</summary>
    Store,
}
