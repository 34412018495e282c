using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Ant.Domain.Hosts;

/// <summary>What the scheduler decided about one host at one tick. One row per host, mode and moment: a tick acts once.</summary>
public sealed class HostTick : ITenantOwned
{
    public required Guid HostId { get; init; }
    public required string Mode { get; init; }
    public required DateTimeOffset At { get; init; }
    public required Guid TenantId { get; init; }
    public required Guid PolicyId { get; init; }
    public required DateTimeOffset DecidedAt { get; init; }
    /// <summary>Earlier ticks of the schedule that went by while nobody looked.</summary>
    public required long Missed { get; init; }
    public string Decision { get; set; } = "";
    public Guid? TaskId { get; set; }
}

/// <summary>Wire words of <see cref="HostTick.Decision"/>.</summary>
internal static class TickDecisions
{
    public const string Started = "started";
    /// <summary>A full sync that waits for the running task's end.</summary>
    public const string Pending = "pending";
    /// <summary>A waiting full sync whose place the next full tick took, or whose policy ended.</summary>
    public const string Dropped = "dropped";
    public const string Busy = "skipped_busy";
    public const string FullDue = "skipped_full_due";
    public const string Missed = "skipped_missed";
    public const string MinInterval = "min_interval";
    public const string Disconnected = "host_disconnected";
    public const string TenantDisabled = "tenant_disabled";
    public const string Takeover = "skipped_takeover";
    /// <summary>The host is being deregistered.</summary>
    public const string Leaving = "skipped_deregistering";
    public const string NoLicence = "license_insufficient";
}

/// <summary>A tenant that was switched off: its schedules pause.</summary>
public sealed class PausedTenant
{
    public required Guid Id { get; init; }
}

/// <summary>What is left to do after a sync that ended without a point: the agent is told to stop, the write session ends.</summary>
public sealed class SyncRemains
{
    /// <summary>Of the run: the id of its command and session.</summary>
    public required Guid RunId { get; init; }
    public required Guid TenantId { get; init; }
    public required Guid HostId { get; init; }
    public string? SessionId { get; init; }
    /// <summary>Id of the command that stops it, so that a repeated try is the same command.</summary>
    public required Guid StopCommandId { get; init; }
    public DateTimeOffset DueAt { get; set; }
    public int Attempts { get; set; }
}
