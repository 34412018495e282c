using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;
using NodaTime;

namespace HyperBdr.Ant.Domain.Policies;

/// <summary>When the hosts attached to it are synchronised, how fast they may send, and which of their points are kept.</summary>
public sealed class Policy : ITenantOwned
{
    public const int DefaultQuota = 7;
    public const int MostPoints = 128;

    public static readonly Error NotFound = new(ErrorKind.NotFound, "ant.policy.not_found", "No such policy.");
    public static readonly Error NameConflict = new(ErrorKind.Conflict, "policy.name_conflict", "Another policy has this name.");
    public static readonly Error InUse = new(ErrorKind.Conflict, "policy.in_use", "Hosts are attached to the policy; detach them first.");
    public static readonly Error DirectionFixed = new(ErrorKind.Conflict, "policy.direction_fixed", "The direction of a policy cannot be changed; create another one.");
    public static readonly Error IntervalOutOfRange = new(ErrorKind.Validation, "policy.interval_out_of_range", "The period is outside of its range.");
    public static readonly Error WindowCycleMixed = new(ErrorKind.Validation, "policy.window_cycle_mixed", "All windows of a policy have the same cycle.");
    public static readonly Error LimitInvalid = new(ErrorKind.Validation, "policy.limit_invalid", "A speed limit is a whole number of Mbps from 1 on.");
    public static readonly Error RetentionExceedsQuota = new(ErrorKind.Validation, "retention_exceeds_quota", "The retention rules can hold more recovery points than the quota leaves them.");
    public static readonly Error RetentionDuplicate = new(ErrorKind.Validation, "retention_duplicate", "Two retention rules name the same point of the same period.");

    private Policy()
    {
    }

    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    public string Name { get; private set; } = "";
    public string Direction { get; private init; } = "dr";
    public int Quota { get; private set; }
    public string TimeZone { get; private set; } = "";
    /// <summary>Local, ISO 8601.</summary>
    public string StartTime { get; private set; } = "";
    public bool Enabled { get; private set; }
    public PolicyBody Body { get; private set; } = new(null, null, null, null);
    public DateTimeOffset CreatedAt { get; private init; }
    /// <summary>Ticks up to this moment have been decided.</summary>
    public DateTimeOffset HandledUntil { get; private set; }
    /// <summary>The earlier of the schedules' next ticks; null when none comes.</summary>
    public DateTimeOffset? NextTickAt { get; private set; }

    internal PolicyTimes Times => PolicyTimes.Of(TimeZone, StartTime, Body).Value;

    internal static Policy Create(Guid tenantId, CheckedPolicy form, DateTimeOffset now)
    {
        var policy = new Policy { Id = Guid.CreateVersion7(), TenantId = tenantId, Direction = form.Direction, CreatedAt = now, Enabled = true };
        policy.Change(form, now);
        return policy;
    }

    /// <summary>Counts from the next tick on; what was missed under the old schedule stays missed.</summary>
    internal void Change(CheckedPolicy form, DateTimeOffset now)
    {
        (Name, Quota, TimeZone, StartTime, Body) = (form.Name, form.Quota, form.TimeZone, form.StartTime, form.Body);
        StartFrom(now);
    }

    internal void Enable(DateTimeOffset now)
    {
        if (Enabled) return;
        Enabled = true;
        StartFrom(now);
    }

    internal void Disable()
    {
        Enabled = false;
        NextTickAt = null;
    }

    /// <summary>Ticks up to <paramref name="now"/> are decided.</summary>
    internal void HandledTo(DateTimeOffset now)
    {
        HandledUntil = now;
        Plan();
    }

    /// <summary>Computes the next tick anew from the zone data of this program.</summary>
    internal void Plan()
    {
        var times = Times;
        var after = Instant.FromDateTimeOffset(HandledUntil);
        var next = new[] { times.Incremental?.Next(after), times.Full?.Next(after) }.Min();
        NextTickAt = Enabled ? next?.ToDateTimeOffset() : null;
    }

    private void StartFrom(DateTimeOffset now)
    {
        HandledUntil = now;
        Plan();
    }
}
