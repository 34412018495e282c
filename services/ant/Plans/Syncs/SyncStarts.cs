using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Features.Licences;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Plans.Syncs;

/// <summary>Who asks for a sync, and how.</summary>
/// <param name="Mbps">Null: as the policy or the last call says; 0: no limit of its own.</param>
internal sealed record SyncAsk(string Mode, decimal? Mbps, string Operator);

/// <summary>Makes the task of a sync and moves its host to <c>sync_doing</c>, in one transaction.</summary>
internal sealed class SyncStarts(AntDb db, TaskPlans plans, LicenceUnits units, SyncOptions options, CallContext call, TimeProvider time)
{
    /// <summary>The caller holds the tenant's lock and the host's row, and saves and commits.</summary>
    /// <param name="host">One whose <see cref="ProtectedHost.CannotSync"/> is null.</param>
    /// <returns>The task, or why the host has no licence unit.</returns>
    public async Task<Result<DurableTask>> StartAsync(ProtectedHost host, SyncAsk ask, CancellationToken ct)
    {
        if (await units.TakeAsync(host, ask.Operator, ct) is { } none) return none;
        var now = time.GetUtcNow();
        var (mode, note) = host.ModeFor(ask.Mode);
        var inputs = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [SyncPlan.Mode] = mode,
            [SyncPlan.Pool] = host.PoolId!.Value.ToString(),
            [SyncPlan.Limit] = ask.Mbps?.ToString() ?? "",
            [SyncPlan.ModeReason] = note ?? "",
        };
        var source = new TaskSource("host", host.Id, Short(host.Name));
        var task = DurableTask.Create(Guid.CreateVersion7(), host.TenantId, SyncPlan.Type, source, ask.Operator, plans[SyncPlan.Type].Steps.Select(s => s.Name), now, inputs);
        if (await PlacesAsync(ct) <= 0) task.Hold();
        host.BeginSync(task.Id, mode, ask.Mbps, now);
        db.Tasks.Add(task);
        db.Add(TaskEvents.Created(task, now));
        return task;
    }

    /// <summary>How many more syncs of the caller's tenant may run. Under the tenant's lock only.</summary>
    public async Task<int> PlacesAsync(CancellationToken ct)
    {
        var tenant = call.TenantId;
        var running = await db.Tasks.CountAsync(t => t.TenantId == tenant && t.Type == SyncPlan.Type && t.Status == TaskState.Working, ct);
        var added = db.ChangeTracker.Entries<DurableTask>().Count(e => e.State == EntityState.Added && e.Entity is { Type: SyncPlan.Type, Status: TaskState.Working });
        return options.PerTenant - running - added;
    }

    private static string Short(string name) => name.Length <= 128 ? name : name[..128];
}
