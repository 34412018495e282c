using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Messaging;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Tasks;

/// <summary>A pool was added, changed or is to be checked again: its probe becomes a task with the id that storplus gave out.</summary>
internal sealed class ProbeAsked(AntDb db, TaskPlans plans, TimeProvider time) : IEventHandler<PoolRegistered>, IEventHandler<PoolUpdated>, IEventHandler<PoolProbeRequested>
{
    public Task HandleAsync(PoolRegistered message, CancellationToken ct) => CreateAsync(message, message.ProbeTaskId, message.PoolId, message.Name, message.Operator, ct);

    public Task HandleAsync(PoolUpdated message, CancellationToken ct) =>
        message.ProbeTaskId is { } id ? CreateAsync(message, id, message.PoolId, message.Name, message.Operator, ct) : Task.CompletedTask;

    public Task HandleAsync(PoolProbeRequested message, CancellationToken ct) => CreateAsync(message, message.ProbeTaskId, message.PoolId, message.Name, message.Operator, ct);

    private async Task CreateAsync(IntegrationEvent e, Guid id, Guid poolId, string name, string @operator, CancellationToken ct)
    {
        // The id makes it one task, whatever events or copies name it.
        if (await db.Tasks.AnyAsync(t => t.Id == id, ct)) return;
        var now = time.GetUtcNow();
        var task = DurableTask.Create(id, e.TenantId, ProbePool.Type, new TaskSource("pool", poolId, name), @operator, plans[ProbePool.Type].Steps.Select(s => s.Name), now);
        db.Tasks.Add(task);
        db.Add(TaskEvents.Created(task, now));
    }
}
