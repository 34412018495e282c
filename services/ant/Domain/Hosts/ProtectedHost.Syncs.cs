using HyperBdr.Contracts.Errors;

namespace HyperBdr.Ant.Domain.Hosts;

/// <summary>Syncs of a host: one data task at a time, and one waiting place for a full one.</summary>
public sealed partial class ProtectedHost
{
    public Guid? CurrentTaskId { get; private set; }
    public DateTimeOffset? LastSyncStartedAt { get; private set; }
    public DateTimeOffset? LastSyncEndedAt { get; private set; }
    public string? LastSyncMode { get; private set; }
    /// <summary>Why the last sync was not what was asked for; null when it was.</summary>
    public string? LastSyncNote { get; private set; }
    public string? LastPointId { get; private set; }
    public DateTimeOffset? LastPointAt { get; private set; }
    /// <summary>Why the next sync reads everything; null when it need not.</summary>
    public string? NeedsFull { get; private set; }
    /// <summary>The last limit that a call gave.</summary>
    public decimal? LastMbps { get; private set; }
    /// <summary>Tick of the full sync that waits for the running task's end.</summary>
    public DateTimeOffset? PendingFullAt { get; private set; }
    /// <summary>Disks of the last point; null before the first.</summary>
    public List<HostDisk>? SyncedDisks { get; private set; }
    /// <summary>What the last incremental sync had to send, as bytes per day; null before the first.</summary>
    public long? ChangeBytesPerDay { get; private set; }

    /// <summary>Why it cannot be synchronised now; null when it can.</summary>
    public Error? CannotSync() =>
        Stage != HostStage.StartDr ? NotConfigured
        : CurrentTaskId is not null ? Busy
        : IsLeaving ? Leaving
        : IsOnline ? null : Offline;

    /// <returns>The mode that it will have, and why when it is not the one asked for.</returns>
    public (string Mode, string? Note) ModeFor(string asked) =>
        asked == SyncModes.Full ? (SyncModes.Full, null)
        : LastPointId is null ? (SyncModes.Full, "The first sync of a host reads everything.")
        : NeedsFull is { } why ? (SyncModes.Full, why) : (SyncModes.Incremental, null);

    public void BeginSync(Guid taskId, string mode, decimal? mbps, DateTimeOffset now)
    {
        (CurrentTaskId, LastSyncStartedAt) = (taskId, now);
        (Status, FaultCode, FaultReason) = (HostStatus.SyncDoing, null, null);
        LastMbps = mbps ?? LastMbps;
        // Until a full one is through, the next one is full as well.
        if (mode == SyncModes.Full) NeedFull("The previous full sync did not finish.");
    }

    /// <param name="disks">That took part.</param>
    /// <param name="sentBytes">Payload that went over the network.</param>
    public void Measured(IReadOnlyList<HostDisk> disks, string mode, long sentBytes, DateTimeOffset takenAt)
    {
        SyncedDisks = [.. disks];
        if (mode == SyncModes.Incremental && LastPointAt is { } before && takenAt - before is { Ticks: > 0 } since)
            ChangeBytesPerDay = (long)Math.Min(long.MaxValue / 2, sentBytes / since.TotalDays);
    }

    public void SyncDone(string pointId, DateTimeOffset takenAt, string mode, string? note, DateTimeOffset now)
    {
        (CurrentTaskId, LastSyncEndedAt) = (null, now);
        (Status, FaultCode, FaultReason) = (HostStatus.SyncSnapshotDone, null, null);
        (LastPointId, LastPointAt, LastSyncMode, LastSyncNote) = (pointId, takenAt, mode, note);
        NeedsFull = null;
        // What kept the machine from a sync does so no more.
        Problems = [.. Problems.Where(p => !p.Code.StartsWith("agent.", StringComparison.Ordinal))];
    }

    public void SyncFailed(string code, string reason, DateTimeOffset now)
    {
        (CurrentTaskId, LastSyncEndedAt) = (null, now);
        (Status, FaultCode, FaultReason) = (HostStatus.SyncFailed, code, reason);
    }

    /// <summary>A run could not even begin; nothing of it is left.</summary>
    public void TickFailed(Error error) => (Status, FaultCode, FaultReason) = (HostStatus.SyncFailed, error.Code, error.Message);

    public bool IsTooSoon(DateTimeOffset now) => LastSyncStartedAt is { } begun && now - begun < LeastSpacing;

    public void WaitForFull(DateTimeOffset tick) => PendingFullAt = tick;

    public void FullNoLongerWaits() => PendingFullAt = null;

    private void NeedFull(string why) => NeedsFull ??= why;
}

/// <summary>Wire words.</summary>
public static class SyncModes
{
    public const string Full = "full";
    public const string Incremental = "incremental";
}
