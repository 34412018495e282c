using HyperBdr.Ant.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Running;

/// <summary>A task that this worker may run, as long as nobody has a newer fence.</summary>
internal sealed record Claim(Guid Id, Guid TenantId, long Fence);

/// <summary>What became of a held task.</summary>
internal sealed record Held(Guid Id, long Fence);

/// <summary>Who may run which task. One clock decides: the database's.</summary>
internal sealed class Leases(IServiceScopeFactory scopes, WorkerOptions options)
{
    /// <summary>Identity of this process among all workers.</summary>
    public Guid Owner { get; } = Guid.CreateVersion7();

    /// <summary>Takes due tasks that nobody holds; each gets a fence that no earlier holder has.</summary>
    /// <param name="held">Tasks that this process runs now; others under its name were given up by it and may be taken again at once.</param>
    public async Task<List<Claim>> ClaimAsync(int most, Guid[] held, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AntDb>();
        return await db.Database.SqlQuery<Claim>($"""
            update tasks set lease_owner = {Owner}, lease_until = clock_timestamp() + {options.Lease}, fence = fence + 1
            where id in (
                select id from tasks
                where status = 'Working' and due_at <= clock_timestamp()
                  and (lease_until is null or lease_until < clock_timestamp() or lease_owner = {Owner}) and id <> all({held})
                order by due_at limit {most} for update skip locked)
            returning id, tenant_id, fence
            """).ToListAsync(ct);
    }

    /// <summary>Lengthens the leases that are still ours.</summary>
    /// <returns>The state of each held task that still exists.</returns>
    public async Task<List<Held>> LookAsync(Guid[] held, bool renew, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AntDb>();
        if (renew) await db.Database.ExecuteSqlAsync($"update tasks set lease_until = clock_timestamp() + {options.Lease} where id = any({held}) and lease_owner = {Owner}", ct);
        return await db.Database.SqlQuery<Held>($"select id, fence from tasks where id = any({held})").ToListAsync(ct);
    }
}

/// <summary>Numbers of a worker.</summary>
internal sealed record WorkerOptions
{
    /// <summary>Tasks at once that are not in a long step.</summary>
    public int Slots { get; init; } = 8;

    /// <summary>Tasks in a long step at once, beside <see cref="Slots"/>.</summary>
    public int LongSlots { get; init; } = 256;

    /// <summary>How often the progress of a step is written and told at most.</summary>
    public TimeSpan ReportEach { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan RenewEach { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often held tasks are looked at for an abort, and new ones are looked for.</summary>
    public TimeSpan LookEach { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a step may meet transient faults before the task fails.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    public TimeSpan FirstWait { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Doubling, up to <see cref="LongestWait"/>.</summary>
    public TimeSpan WaitAfter(int attempts) => TimeSpan.FromTicks(Math.Min(LongestWait.Ticks, FirstWait.Ticks << Math.Clamp(attempts - 1, 0, 10)));
}
