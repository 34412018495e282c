using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Ant.Running;
using HyperBdr.Contracts.Events;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Scheduling;

/// <summary>Gives waiting syncs of one tenant their places, oldest first, and begins full ones that waited for a host.</summary>
internal sealed class Places(AntDb db, HostRows rows, SyncStarts starts, TaskSignal signal, SyncOptions options, TimeProvider time)
{
    /// <summary>Tenants that have something waiting.</summary>
    public static Task<List<Guid>> TenantsAsync(AntDb db, CancellationToken ct) => db.Database.SqlQuery<Guid>($"""
        select tenant_id as "Value" from tasks where status = 'Pending'
        union select tenant_id from hosts where pending_full_at is not null and current_task_id is null
        """).ToListAsync(ct);

    public async Task FillAsync(Guid tenantId, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await rows.LockTenantAsync(tenantId, ct);
        var free = await starts.PlacesAsync(ct);
        var given = free <= 0 ? 0 : await db.Database.ExecuteSqlAsync($"""
            update tasks set status = 'Working', due_at = clock_timestamp() where id in (
                select id from tasks where tenant_id = {tenantId} and status = 'Pending' order by id limit {free} for update skip locked)
            """, ct);
        await TellOfLongWaitsAsync(tenantId, ct);
        var waiting = await db.Hosts.AsNoTracking().Where(h => h.PendingFullAt != null && h.CurrentTaskId == null).OrderBy(h => h.Id).Select(h => h.Id).ToListAsync(ct);
        foreach (var id in waiting) await BeginFullAsync(id, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        if (given > 0) signal.Raise();
    }

    private async Task BeginFullAsync(Guid hostId, CancellationToken ct)
    {
        if (await rows.LockAsync(hostId, ct) is not { PendingFullAt: { } at, CurrentTaskId: null } host || host.IsTooSoon(time.GetUtcNow())) return;
        var tick = await db.Ticks.SingleOrDefaultAsync(t => t.HostId == hostId && t.Mode == SyncModes.Full && t.At == at, ct);
        var isWanted = host.PolicyId is { } policy && policy == tick?.PolicyId && await db.Policies.AnyAsync(p => p.Id == policy && p.Enabled, ct);
        host.FullNoLongerWaits();
        if (tick is null) return;
        if (!isWanted || host.Stage != HostStage.StartDr)
        {
            tick.Decision = TickDecisions.Dropped;
            return;
        }

        if (host.CannotSync() is { } refusal)
        {
            host.TickFailed(refusal);
            tick.Decision = TickDecisions.Disconnected;
        }
        else
        {
            var task = await starts.StartAsync(host, new SyncAsk(SyncModes.Full, Mbps: null, PolicyTicks.Scheduler), ct);
            if (task.IsError) host.TickFailed(task.Error);
            tick.TaskId = task.IsError ? null : task.Value.Id;
            tick.Decision = task.IsError ? TickDecisions.NoLicence : TickDecisions.Started;
        }

        db.Add(new SyncTicked(host.Id, host.Name, tick.PolicyId, tick.Mode, tick.Decision, tick.TaskId) { TenantId = host.TenantId, OccurredAt = time.GetUtcNow() });
    }

    private sealed record Waiting(Guid SourceId, string SourceName);

    private async Task TellOfLongWaitsAsync(Guid tenantId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var old = await db.Database.SqlQuery<Waiting>($"""
            update tasks set wait_reported = true
            where tenant_id = {tenantId} and status = 'Pending' and not wait_reported and start_at < {now - options.LongestWait}
            returning source_id, source_name
            """).ToListAsync(ct);
        foreach (var one in old)
            db.Add(new MachineProblem(one.SourceId, one.SourceName, "ant.sync.pending", $"The sync waits for more than {options.LongestWait.TotalMinutes:0} minutes for a place.") { TenantId = tenantId, OccurredAt = now });
    }
}
