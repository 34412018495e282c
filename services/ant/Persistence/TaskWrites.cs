using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Running;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Persistence;

/// <summary>The only way to write a task that exists: its row is locked first, so writers come one after another and see the newest fence.</summary>
internal sealed class TaskWrites(AntDb db, TaskSignal tasks)
{
    /// <summary>Saves what a worker changed, if its fence is still the task's.</summary>
    /// <exception cref="LeaseLostException">It is not; nothing was saved.</exception>
    /// <param name="along">Changes more in the same transaction, after the task's row is locked.</param>
    public async Task SaveAsync(Claim claim, Func<Task>? along, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await LockAsync(claim.Id, ct) != claim.Fence) throw new LeaseLostException();
        if (along is not null) await along();
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Loads the newest state of a task of the caller's tenant, changes and saves it, while nobody else can.</summary>
    /// <param name="change">Returns false to leave the task as it is.</param>
    /// <returns>Null when there is no such task.</returns>
    public async Task<DurableTask?> ChangeAsync(Guid id, Func<DurableTask, Task<bool>> change, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await LockAsync(id, ct) is null) return null;
        if (await db.Tasks.Include(t => t.Steps.OrderBy(s => s.Position)).SingleOrDefaultAsync(t => t.Id == id, ct) is not { } task) return null;
        if (!await change(task)) return task;
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        tasks.Raise();
        return task;
    }

    private async Task<long?> LockAsync(Guid id, CancellationToken ct)
    {
        var found = await db.Database.SqlQuery<long>($"""select fence as "Value" from tasks where id = {id} for update""").ToListAsync(ct);
        return found.Count == 0 ? null : found[0];
    }
}

/// <summary>The task was aborted, retried or went to another worker since it was claimed.</summary>
internal sealed class LeaseLostException() : Exception("The lease is lost.");
