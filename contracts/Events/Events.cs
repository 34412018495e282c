namespace HyperBdr.Contracts.Events;

/// <summary>One mutating call, as it ended. Exactly one for each call that reached a service.</summary>
public sealed record CallRecorded : IntegrationEvent
{
    /// <summary>Operation id of the endpoint, <c>service.noun.verb</c>.</summary>
    public required string Action { get; init; }
    public required CallOutcome Outcome { get; init; }
    /// <summary>Error code of a call that was not accepted.</summary>
    public string? Code { get; init; }
    public Guid? ActorId { get; init; }
    public required string ActorName { get; init; }
    public string? Role { get; init; }
    public string? ResourceType { get; init; }
    public Guid? ResourceId { get; init; }
    public string? ResourceName { get; init; }
    public string? SourceIp { get; init; }
    public required string Request { get; init; }
    public string? TraceId { get; init; }

    /// <summary>Entries about one object keep their order; without an object, those of one actor.</summary>
    public override Guid AggregateId => ResourceId ?? ActorId ?? TenantId;
}

/// <summary>How a mutating call ended.</summary>
public enum CallOutcome
{
    /// <summary>Done, or taken up as a task.</summary>
    Accepted,
    /// <summary>The caller may not (401, 403).</summary>
    Denied,
    /// <summary>The request was not acceptable (other 4xx).</summary>
    Refused,
    /// <summary>A fault on our side (5xx).</summary>
    Failed,
}

public sealed record EnrolmentTokenCreated(Guid TokenId, string Name, DateTimeOffset ExpiresAt) : IntegrationEvent
{
    public override Guid AggregateId => TokenId;
}

public sealed record EnrolmentTokenRevoked(Guid TokenId, string Name) : IntegrationEvent
{
    public override Guid AggregateId => TokenId;
}

/// <summary>A pool was added; ant answers with a probe task of id <paramref name="ProbeTaskId"/>.</summary>
public sealed record PoolRegistered(Guid PoolId, string Name, Guid ProbeTaskId, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => PoolId;
}

public sealed record PoolUpdated(Guid PoolId, string Name, Guid? ProbeTaskId, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => PoolId;
}

public sealed record PoolDeleted(Guid PoolId, string Name) : IntegrationEvent
{
    public override Guid AggregateId => PoolId;
}

/// <summary>Somebody asks to check a pool again; ant answers with a probe task of id <paramref name="ProbeTaskId"/>.</summary>
public sealed record PoolProbeRequested(Guid PoolId, string Name, Guid ProbeTaskId, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => PoolId;
}

/// <summary>A pool changed between verifying, available and create_failed.</summary>
public sealed record PoolStateChanged(Guid PoolId, string Name, string State, string? Reason) : IntegrationEvent
{
    public override Guid AggregateId => PoolId;
}

public sealed record TaskCreated(Guid TaskId, string Type, string SourceType, Guid SourceId, string SourceName, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => TaskId;
}

/// <summary>A step began or ended; for live views, not for the audit trail.</summary>
public sealed record TaskProgressed(Guid TaskId, string Step, string Status, int Percent, string? Message) : IntegrationEvent
{
    public override Guid AggregateId => TaskId;
}

/// <summary>A task reached its end: <c>done</c>, <c>failed</c> or <c>aborted</c>.</summary>
public sealed record TaskFinished(Guid TaskId, string Type, Guid SourceId, string SourceName, string Status, string? ErrorCode, string? Reason) : IntegrationEvent
{
    public override Guid AggregateId => TaskId;
}

/// <summary>A failed or aborted task goes on from its failed step; its next <see cref="TaskFinished"/> replaces the earlier one.</summary>
public sealed record TaskRetried(Guid TaskId, string Type, string SourceType, Guid SourceId, string SourceName, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => TaskId;
}

public sealed record TenantCreated(Guid NewTenantId, string Name) : IntegrationEvent
{
    public override Guid AggregateId => NewTenantId;
}

public sealed record TenantStatusChanged(Guid ChangedTenantId, string Name, bool Enabled) : IntegrationEvent
{
    public override Guid AggregateId => ChangedTenantId;
}

public sealed record UserCreated(Guid UserId, string UserName, string Role) : IntegrationEvent
{
    public override Guid AggregateId => UserId;
}

/// <summary>Something about a user changed: <c>updated</c>, <c>enabled</c>, <c>disabled</c>, <c>deleted</c>, <c>password_changed</c>, <c>password_reset</c>, <c>mfa_enabled</c>, <c>mfa_reset</c>, <c>locked</c>.</summary>
public sealed record UserChanged(Guid UserId, string UserName, string Change) : IntegrationEvent
{
    public override Guid AggregateId => UserId;
}

/// <summary>An access key pair was <c>created</c>, <c>enabled</c>, <c>disabled</c>, <c>revealed</c> or <c>deleted</c>.</summary>
public sealed record AccessKeyChanged(Guid AccessKeyId, Guid UserId, string Change) : IntegrationEvent
{
    public override Guid AggregateId => AccessKeyId;
}

public sealed record ReportExported(Guid ReportId, string Type, string Format, string Status, string? Reason) : IntegrationEvent
{
    public override Guid AggregateId => ReportId;
}

/// <summary>A machine got its certificate; with <paramref name="TookOver"/> it continues an earlier record.</summary>
public sealed record MachineEnrolled(Guid MachineId, string Kind, string Name, string HardwareSerial, bool TookOver) : IntegrationEvent
{
    public override Guid AggregateId => MachineId;
}

/// <summary>A machine became <c>active</c>, <c>disconnected</c>, <c>quarantined</c> or <c>revoked</c>.</summary>
public sealed record MachineStateChanged(Guid MachineId, string Kind, string Name, string State, string? Reason) : IntegrationEvent
{
    public override Guid AggregateId => MachineId;
}

/// <summary>Disks, addresses, name or version of a machine changed.</summary>
public sealed record MachineInventoryChanged(Guid MachineId, string Kind, string Name, string Version) : IntegrationEvent
{
    public override Guid AggregateId => MachineId;
}

/// <summary>A machine's record was removed by somebody.</summary>
public sealed record MachineRemoved(Guid MachineId, string Kind, string Name) : IntegrationEvent
{
    public override Guid AggregateId => MachineId;
}

/// <summary>A machine's clock, disk or pool does not allow to go on; stable code, e.g. <c>agent.clock.wrong</c>.</summary>
public sealed record MachineProblem(Guid MachineId, string Name, string Code, string Message) : IntegrationEvent
{
    public override Guid AggregateId => MachineId;
}

/// <summary>A host moved between <c>select_host</c>, <c>setup_dr</c> and <c>start_dr</c>, or was deregistered.</summary>
public sealed record HostStageChanged(Guid HostId, string Name, string Stage, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => HostId;
}

/// <summary>A host was <c>attached</c> to a policy or <c>detached</c> from it.</summary>
public sealed record HostPolicyChanged(Guid HostId, string HostName, Guid PolicyId, string Change, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => HostId;
}

/// <summary>A takeover of a host began to carry its business (<paramref name="Active"/>) or was released.</summary>
public sealed record HostTakeoverChanged(Guid HostId, string HostName, bool Active, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => HostId;
}

/// <summary>A tenant may protect <paramref name="Units"/> hosts more until <paramref name="ExpiresAt"/>. Kinds: <c>dr</c>, <c>failback</c>, <c>migration</c>.</summary>
public sealed record LicenceGranted(Guid LicenceId, string Kind, int Units, DateTimeOffset StartsAt, DateTimeOffset ExpiresAt, string Origin) : IntegrationEvent
{
    // All of a tenant in order: the one that expires first is used first.
    public override Guid AggregateId => TenantId;
}

/// <summary>A licence ends soon or has ended; stable code.</summary>
public sealed record LicenceProblem(Guid LicenceId, string Code, string Message) : IntegrationEvent
{
    public override Guid AggregateId => TenantId;
}

/// <summary>A host's unit of a licence was <c>taken</c> or <c>released</c>; a released one is free 24 hours later.</summary>
public sealed record LicenceUnitChanged(Guid LicenceId, Guid HostId, string HostName, string Change, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => HostId;
}

/// <summary>A policy was <c>created</c>, <c>updated</c>, <c>enabled</c>, <c>disabled</c> or <c>deleted</c>.</summary>
public sealed record PolicyChanged(Guid PolicyId, string Name, string Change, string Operator) : IntegrationEvent
{
    public override Guid AggregateId => PolicyId;
}

/// <summary>What the scheduler decided at a tick: <c>started</c> or why not (<c>skipped_busy</c>, <c>host_disconnected</c>, ...).</summary>
public sealed record SyncTicked(Guid HostId, string HostName, Guid PolicyId, string Mode, string Decision, Guid? TaskId) : IntegrationEvent
{
    public override Guid AggregateId => HostId;
}

/// <summary>A point is whole, verified and listed.</summary>
public sealed record RecoveryPointCreated(Guid HostId, string PointId, Guid PoolId, DateTimeOffset TakenAt, string Consistency, string Mode, long StoredBytes) : IntegrationEvent
{
    public string? HostName { get; init; }

    public long ReadBytes { get; init; }

    public long SentBytes { get; init; }

    public long FreezeUs { get; init; }

    public long DurationUs { get; init; }

    public override Guid AggregateId => HostId;
}

/// <summary>A point was deleted by retention or by somebody.</summary>
public sealed record RecoveryPointDeleted(Guid HostId, string PointId, Guid PoolId, string Reason) : IntegrationEvent
{
    public string? HostName { get; init; }

    public override Guid AggregateId => HostId;
}

/// <summary>A verification found that a point cannot be restored whole, or (<paramref name="Damaged"/> false) that it can again.</summary>
public sealed record RecoveryPointChecked(Guid HostId, string HostName, string PointId, Guid PoolId, bool Damaged, string? Message) : IntegrationEvent
{
    public override Guid AggregateId => HostId;
}

/// <summary>What an earlier <see cref="PoolProblem"/> of this code told is over.</summary>
public sealed record PoolProblemSolved(Guid PoolId, string Name, string Code) : IntegrationEvent
{
    public override Guid AggregateId => PoolId;
}

/// <summary>Verification found damage, or a pool is nearly full or unreachable; stable code.</summary>
public sealed record PoolProblem(Guid PoolId, string Name, string Code, string Message) : IntegrationEvent
{
    public override Guid AggregateId => PoolId;
}
