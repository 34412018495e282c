using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Contracts.Events;
using Microsoft.EntityFrameworkCore;
using NodaTime;

namespace HyperBdr.Ant.Scheduling;

/// <summary>Decides the due ticks of one policy for all its hosts, in one transaction: a tick acts once, whoever else looks at it and whoever dies.</summary>
internal sealed class PolicyTicks(AntDb db, HostRows rows, SyncStarts starts, TimeProvider time)
{
    public const string Scheduler = "scheduler";

    /// <returns>False when somebody else had decided them already.</returns>
    public async Task<bool> DecideAsync(Guid tenantId, Guid policyId, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await rows.LockTenantAsync(tenantId, ct);
        await db.Database.ExecuteSqlAsync($"select id from policies where id = {policyId} for update", ct);
        var now = time.GetUtcNow();
        if (await db.Policies.SingleOrDefaultAsync(p => p.Id == policyId, ct) is not { } policy || policy.NextTickAt is not { } due || due > now) return false;

        var (after, until) = (Instant.FromDateTimeOffset(policy.HandledUntil), Instant.FromDateTimeOffset(now));
        var times = policy.Times;
        var full = DueTick.Of(times.Full, after, until);
        var incremental = DueTick.Of(times.Incremental, after, until);
        var paused = await db.PausedTenants.AnyAsync(t => t.Id == tenantId, ct);
        foreach (var host in await rows.LockOfPolicyAsync(policyId, ct))
        {
            // The full one first: the incremental one of the same minute gives way to it.
            if (full is not null) await RecordAsync(policy, host, SyncModes.Full, full, () => FullAsync(host, full, paused, ct), ct);
            if (incremental is not null) await RecordAsync(policy, host, SyncModes.Incremental, incremental, () => IncrementalAsync(host, incremental, full, paused, ct), ct);
        }

        policy.HandledTo(now);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    private async Task RecordAsync(Policy policy, ProtectedHost host, string mode, DueTick tick, Func<Task<(string Decision, Guid? Task)>> decide, CancellationToken ct)
    {
        var at = tick.At.ToDateTimeOffset();
        // The clock was put back: this moment had its decision.
        if (await db.Ticks.AnyAsync(t => t.HostId == host.Id && t.Mode == mode && t.At == at, ct)) return;
        var (decision, task) = await decide();
        var now = time.GetUtcNow();
        db.Ticks.Add(new HostTick { HostId = host.Id, Mode = mode, At = at, TenantId = host.TenantId, PolicyId = policy.Id, DecidedAt = now, Missed = tick.Missed, Decision = decision, TaskId = task });
        db.Add(new SyncTicked(host.Id, host.Name, policy.Id, mode, decision, task) { TenantId = host.TenantId, OccurredAt = now });
    }

    private async Task<(string, Guid?)> FullAsync(ProtectedHost host, DueTick tick, bool paused, CancellationToken ct)
    {
        if (Common(host, tick, paused) is { } no) return (no, null);
        // A baseline is worth waiting for: for the running task's end, and for the least spacing.
        if (host.CurrentTaskId is null && !host.IsTooSoon(time.GetUtcNow())) return await BeginAsync(host, SyncModes.Full, ct);
        if (host.PendingFullAt is { } earlier) await DropAsync(host, earlier, ct);
        host.WaitForFull(tick.At.ToDateTimeOffset());
        return (TickDecisions.Pending, null);
    }

    private async Task<(string, Guid?)> IncrementalAsync(ProtectedHost host, DueTick tick, DueTick? full, bool paused, CancellationToken ct)
    {
        if (Common(host, tick, paused) is { } no) return (no, null);
        if (full is { Runs: true } && Minute(full.At) == Minute(tick.At)) return (TickDecisions.FullDue, null);
        if (host.CurrentTaskId is not null) return (TickDecisions.Busy, null);
        return host.IsTooSoon(time.GetUtcNow()) ? (TickDecisions.MinInterval, null) : await BeginAsync(host, SyncModes.Incremental, ct);
    }

    private static string? Common(ProtectedHost host, DueTick tick, bool paused)
    {
        if (paused) return TickDecisions.TenantDisabled;
        if (!tick.Runs) return TickDecisions.Missed;
        if (host.TakenOverAt is not null) return TickDecisions.Takeover;
        if (host.IsLeaving) return TickDecisions.Leaving;
        if (host.IsOnline || host.CurrentTaskId is not null) return null;
        host.TickFailed(ProtectedHost.Offline);
        return TickDecisions.Disconnected;
    }

    private async Task<(string, Guid?)> BeginAsync(ProtectedHost host, string mode, CancellationToken ct)
    {
        var task = await starts.StartAsync(host, new SyncAsk(mode, Mbps: null, Scheduler), ct);
        if (!task.IsError) return (TickDecisions.Started, task.Value.Id);
        host.TickFailed(task.Error);
        return (TickDecisions.NoLicence, null);
    }

    private async Task DropAsync(ProtectedHost host, DateTimeOffset earlier, CancellationToken ct)
    {
        if (await db.Ticks.SingleOrDefaultAsync(t => t.HostId == host.Id && t.Mode == SyncModes.Full && t.At == earlier, ct) is { } tick) tick.Decision = TickDecisions.Dropped;
    }

    private static long Minute(Instant at) => at.ToUnixTimeSeconds() / 60;
}
