using HyperBdr.Contracts.Errors;

namespace HyperBdr.Ant.Domain.Hosts;

/// <summary>The end of a host's protection, and its takeover.</summary>
public sealed partial class ProtectedHost
{
    /// <summary>Since when a takeover carries the host's business: schedules leave it alone.</summary>
    public DateTimeOffset? TakenOverAt { get; private set; }

    /// <summary>Its deregistration has begun and has not been taken back.</summary>
    public bool IsLeaving => Status is HostStatus.CleanDoing or HostStatus.CleanFailed or HostStatus.HostUnregisterDoing or HostStatus.HostUnregisterFailed;

    /// <summary>Why it cannot be deregistered now; null when it can.</summary>
    /// <param name="force">Needed while it is offline: what is left on the machine stays there.</param>
    public Error? CannotDeregister(bool force) =>
        Stage is HostStage.SelectHost or HostStage.Deregistered ? WrongStage with { Message = "The host is not registered." }
        : CurrentTaskId is not null ? Busy
        : IsOnline || force ? null : ForceNeeded;

    /// <param name="withPoints">Its recovery points go too.</param>
    public void BeginDeregistration(Guid taskId, bool withPoints)
    {
        CurrentTaskId = taskId;
        PendingFullAt = null;
        (Status, FaultCode, FaultReason) = (withPoints ? HostStatus.CleanDoing : HostStatus.HostUnregisterDoing, null, null);
    }

    public void Deregistered()
    {
        Detach();
        (CurrentTaskId, Stage, Status, FaultCode, FaultReason) = (null, HostStage.Deregistered, HostStatus.HostUnregisterDone, null, null);
        (PoolId, PoolName, RecoverySettings, ExcludedDisks, TakenOverAt) = (null, null, null, [], null);
        (LastPointId, LastPointAt, LastMbps, NeedsFull, SyncedDisks, ChangeBytesPerDay) = (null, null, null, null, null, null);
    }

    public void DeregistrationFailed(string code, string reason)
    {
        CurrentTaskId = null;
        (Status, FaultCode, FaultReason) = (Status == HostStatus.CleanDoing ? HostStatus.CleanFailed : HostStatus.HostUnregisterFailed, code, reason);
    }

    /// <summary>Somebody thought better of it: it is protected as before.</summary>
    public void DeregistrationTakenBack()
    {
        CurrentTaskId = null;
        (Status, FaultCode, FaultReason) = (LastPointId is null ? HostStatus.HostRegisterDone : HostStatus.SyncSnapshotDone, null, null);
    }

    public Error? TakeOver(DateTimeOffset now)
    {
        if (Stage != HostStage.StartDr) return NotConfigured;
        if (IsLeaving) return Leaving;
        TakenOverAt ??= now;
        PendingFullAt = null;
        return null;
    }

    public Error? ReleaseTakeover()
    {
        if (TakenOverAt is null) return NotTakenOver;
        TakenOverAt = null;
        return null;
    }
}
