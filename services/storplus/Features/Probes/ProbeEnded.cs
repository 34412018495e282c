using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.Storplus.Features.Pools;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Probes;

/// <summary>The task of a probe ended: its result becomes the pool's state, unless a newer probe decides.</summary>
internal sealed class ProbeEnded(StorplusDb db, TimeProvider time) : IEventHandler<TaskFinished>
{
    public const string TaskType = "probe_pool";

    public async Task HandleAsync(TaskFinished message, CancellationToken ct)
    {
        if (message.Type != TaskType) return;
        // A pool deleted meanwhile took its probes along.
        if (await db.Probes.SingleOrDefaultAsync(p => p.Id == message.TaskId, ct) is not { } probe) return;
        var pool = await db.Pools.SingleAsync(p => p.Id == probe.PoolId, ct);
        var passed = message.Status == "done";
        probe.End(passed, time.GetUtcNow());
        if (pool.EndProbe(probe.Id, passed, message.Reason ?? "The check was aborted; check the storage pool again.")) db.Add(PoolEvents.StateChanged(pool, time));
    }
}

/// <summary>A probe's task was retried: the pool is being verified again.</summary>
internal sealed class ProbeRetried(StorplusDb db, TimeProvider time) : IEventHandler<TaskRetried>
{
    public async Task HandleAsync(TaskRetried message, CancellationToken ct)
    {
        if (message.Type != ProbeEnded.TaskType) return;
        if (await db.Probes.SingleOrDefaultAsync(p => p.Id == message.TaskId, ct) is not { } probe) return;
        var pool = await db.Pools.SingleAsync(p => p.Id == probe.PoolId, ct);
        probe.Reopen();
        if (pool.ResumeProbe(probe.Id)) db.Add(PoolEvents.StateChanged(pool, time));
    }
}
