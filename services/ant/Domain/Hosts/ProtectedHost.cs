using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Ant.Domain.Hosts;

/// <summary>Where a host stands on its way to protection; it is in exactly one of them.</summary>
public enum HostStage
{
    /// <summary>Its machine is known; nobody decided yet to protect it.</summary>
    SelectHost,
    /// <summary>Chosen, and waits for its configuration.</summary>
    SetupDr,
    /// <summary>Configured: it can be synchronised.</summary>
    StartDr,
    /// <summary>Given up; the record is kept for reports.</summary>
    Deregistered,
}

/// <summary>What happens to its data (console reference, host status).</summary>
public enum HostStatus
{
    HostRegisterDone,
    SyncDoing,
    SyncFailed,
    SyncSnapshotDone,
    /// <summary>Its recovery points are about to go, or going.</summary>
    CleanDoing,
    CleanFailed,
    HostUnregisterDoing,
    HostUnregisterFailed,
    HostUnregisterDone,
}

public enum HostHealth
{
    Active,
    Disconnected,
    Quarantined,
    Revoked,
    Removed,
}

/// <summary>A machine as somebody who protects it sees it: porter's record of the machine, and what is done with it here.</summary>
/// <remarks>Its id is the machine's. Every change locks the row first (<c>HostRows</c>), so two changes never mix.</remarks>
public sealed partial class ProtectedHost : ITenantOwned
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "ant.host.not_found", "No such host.");
    public static readonly Error WrongStage = new(ErrorKind.Conflict, "ant.host.wrong_stage", "The host's present step does not allow this.");
    public static readonly Error NotConfigured = new(ErrorKind.Conflict, "ant.host.not_configured", "Set up disaster recovery for the host first.");
    public static readonly Error Busy = new(ErrorKind.Conflict, "ant.host.busy", "A task works on the host; wait for its end or stop it.");
    public static readonly Error NothingRuns = new(ErrorKind.Conflict, "ant.host.not_syncing", "No sync of the host runs.");
    public static readonly Error Offline = new(ErrorKind.Conflict, "host_disconnected", "The host is offline; see to its agent and the network first.");
    public static readonly Error PoolFixed = new(ErrorKind.Conflict, "ant.host.pool_fixed", "The storage pool cannot be changed after the first sync; deregister the host first.");
    public static readonly Error Leaving = new(ErrorKind.Conflict, "ant.host.deregistering", "The host's deregistration has begun; finish it first.");
    public static readonly Error BootDiskExcluded = new(ErrorKind.Conflict, "ant.host.boot_disk", "The disk that the host starts from cannot be left out.");
    public static readonly Error NotTakenOver = new(ErrorKind.Conflict, "ant.host.not_taken_over", "No takeover of the host is active.");
    public static readonly Error ForceNeeded = new(ErrorKind.Conflict, "ant.host.force_needed", "The host is offline; only a forced deregistration is possible.");

    /// <summary>A scheduled run begins this long after the previous one at the earliest.</summary>
    public static readonly TimeSpan LeastSpacing = TimeSpan.FromMinutes(5);

    private ProtectedHost()
    {
    }

    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    public string Name { get; private set; } = "";
    public string Kind { get; private init; } = "";
    public string Version { get; private set; } = "";
    public HostHealth Health { get; private set; }
    public string? HealthReason { get; private set; }
    public DateTimeOffset HealthSince { get; private set; }
    public HostStage Stage { get; private set; }
    public HostStatus Status { get; private set; }
    /// <summary>Why the status is <see cref="HostStatus.SyncFailed"/>.</summary>
    public string? FaultCode { get; private set; }
    public string? FaultReason { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    /// <summary>What porter knows of the machine, read after it said that it changed.</summary>
    public HostFacts? Facts { get; private set; }
    public bool FactsAreStale { get; private set; }
    /// <summary>What the machine last said about itself, by code.</summary>
    public List<HostProblem> Problems { get; private set; } = [];

    public Guid? PoolId { get; private set; }
    public string? PoolName { get; private set; }
    public List<string> ExcludedDisks { get; private set; } = [];
    /// <summary>JSON object: how it is to be started at the other site.</summary>
    public string? RecoverySettings { get; private set; }
    public Guid? PolicyId { get; private set; }

    public bool IsOnline => Health == HostHealth.Active;

    public static ProtectedHost Enrolled(Guid id, Guid tenantId, string kind, string name, DateTimeOffset now) => new()
    {
        Id = id,
        TenantId = tenantId,
        Kind = kind,
        Name = name,
        // The link comes up next; until then it is offline.
        Health = HostHealth.Disconnected,
        HealthSince = now,
        CreatedAt = now,
        FactsAreStale = true,
    };

    /// <summary>The agent was installed anew: what it knew of changes is gone.</summary>
    public void Reenrolled(string name)
    {
        Name = name;
        FactsAreStale = true;
        if (Stage == HostStage.Deregistered)
        {
            (Stage, Status) = (HostStage.SelectHost, HostStatus.HostRegisterDone);
            return;
        }

        NeedFull("The agent was installed again.");
    }

    public void BecomeHealthy(HostHealth health, string name, string? reason, DateTimeOffset at)
    {
        Name = name;
        if (health != Health) HealthSince = at;
        (Health, HealthReason) = (health, reason);
        // A machine that is back speaks of what still troubles it.
        if (health == HostHealth.Active) Problems = [];
    }

    public void InventoryChanged(string name, string version)
    {
        (Name, Version) = (name, version);
        FactsAreStale = true;
    }

    public void Learn(HostFacts facts)
    {
        Facts = facts;
        FactsAreStale = false;
    }

    public void Report(HostProblem problem) => Problems = [.. Problems.Where(p => p.Code != problem.Code).Take(31), problem];

    public Error? Register()
    {
        if (Stage is HostStage.SetupDr or HostStage.StartDr) return WrongStage with { Message = "The host is registered already." };
        if (Stage != HostStage.SelectHost || Health == HostHealth.Removed) return WrongStage;
        Stage = HostStage.SetupDr;
        return null;
    }

    /// <summary>Stores where and how it is protected; from then on it can be synchronised.</summary>
    public Error? Setup(HostSetup setup)
    {
        if (Stage is not (HostStage.SetupDr or HostStage.StartDr)) return WrongStage with { Message = "Register the host first." };
        if (CurrentTaskId is not null) return Busy;
        if (setup.ExcludedDisks is { } left && Facts?.Disks?.Any(d => d.Boot && left.Contains(d.Id)) == true) return BootDiskExcluded;
        if (PoolId is { } pool && pool != setup.PoolId && LastPointId is not null) return PoolFixed;
        (PoolId, PoolName) = (setup.PoolId, setup.PoolName);
        if (setup.ExcludedDisks is { } excluded)
        {
            if (ExcludedDisks.Except(excluded).Any()) NeedFull("A disk takes part again.");
            ExcludedDisks = [.. excluded];
        }

        RecoverySettings = setup.RecoverySettings ?? RecoverySettings;
        Stage = HostStage.StartDr;
        return null;
    }

    public void Attach(Guid policyId)
    {
        if (PolicyId != policyId) PendingFullAt = null;
        PolicyId = policyId;
    }

    public void Detach()
    {
        PolicyId = null;
        PendingFullAt = null;
    }
}

/// <summary>Where and how a host is to be protected.</summary>
/// <param name="ExcludedDisks">Null leaves them as they are.</param>
/// <param name="RecoverySettings">Null leaves them as they are.</param>
public sealed record HostSetup(Guid PoolId, string PoolName, IReadOnlyList<string>? ExcludedDisks, string? RecoverySettings);

/// <summary>What lists and cards show of a machine.</summary>
public sealed record HostFacts(string OsName, string Firmware, int Cpus, long MemoryBytes, int DiskCount, long CapacityBytes, IReadOnlyList<string> Addresses, IReadOnlyList<string> Macs)
{
    /// <summary>Null in a record from before disks were kept.</summary>
    public IReadOnlyList<HostDisk>? Disks { get; init; }
}

/// <summary>A disk of a host.</summary>
/// <param name="Id">Stable across restarts.</param>
public sealed record HostDisk(string Id, string Device, long LengthBytes, bool Boot);

/// <summary>Something that a machine said about itself.</summary>
public sealed record HostProblem(string Code, string Message, DateTimeOffset At);
