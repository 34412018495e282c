using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Storplus.Domain;

/// <summary>One check of a pool; its id is the id of the task that runs it.</summary>
public sealed class Probe : ITenantOwned
{
    private Probe()
    {
    }

    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    public Guid PoolId { get; private init; }
    public DateTimeOffset RequestedAt { get; private init; }
    /// <summary>Null while its task has not ended.</summary>
    public DateTimeOffset? EndedAt { get; private set; }
    public bool Passed { get; private set; }

    public static Probe Of(Pool pool, DateTimeOffset now) =>
        new() { Id = pool.CurrentProbeId, TenantId = pool.TenantId, PoolId = pool.Id, RequestedAt = now };

    public void End(bool passed, DateTimeOffset now) => (Passed, EndedAt) = (passed, now);

    public void Reopen() => (Passed, EndedAt) = (false, null);
}

/// <summary>What one step of a probe saw; the last run of the step counts.</summary>
public sealed class Finding : ITenantOwned
{
    public required Guid ProbeId { get; init; }
    /// <summary>Wire name of the step, e.g. <c>read_after_write</c>.</summary>
    public required string Step { get; init; }
    /// <summary>Place of the step in the probe, from 1.</summary>
    public required int Position { get; init; }
    public required Guid TenantId { get; init; }
    public required bool Passed { get; init; }
    public required string? Code { get; init; }
    public required string Message { get; init; }
    public required long DurationUs { get; init; }
}
