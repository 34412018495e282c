using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>A run that this process may work on as long as its lease holds.</summary>
internal sealed record MaintenanceClaim(Guid Id, Guid TenantId);

/// <summary>What a holder learns when it looks: whether the lease is still its own, and whether somebody wants the run to end.</summary>
internal sealed record MaintenanceLook(bool Held, bool Cancel);

/// <summary>The queue of maintenance in the database. One clock decides: the database's.</summary>
internal sealed class MaintenanceQueue(StorplusDb db, MaintenanceOptions options, TimeProvider time)
{
    /// <summary>Puts what is due into the queue, unless it waits or runs already.</summary>
    public async Task AddDueAsync(Guid repositoryId, CancellationToken ct)
    {
        var row = await db.Repositories.AsNoTracking().SingleAsync(r => r.Id == repositoryId, ct);
        if (row.EngineId is null) return;
        foreach (var kind in new[] { MaintenanceKind.Collect, MaintenanceKind.Verify, MaintenanceKind.Scrub })
        {
            var last = await db.MaintenanceRuns.Where(r => r.RepositoryId == repositoryId && r.Kind == kind).MaxAsync(r => (DateTimeOffset?)r.CreatedAt, ct);
            if ((last ?? row.CreatedAt) + Each(kind, row) <= time.GetUtcNow()) await TryAddAsync(row, kind, ct);
        }
    }

    /// <returns>Null when one of this kind waits or runs.</returns>
    public async Task<MaintenanceRun?> TryAddAsync(TenantRepository row, MaintenanceKind kind, CancellationToken ct)
    {
        if (await db.MaintenanceRuns.AnyAsync(r => r.RepositoryId == row.Id && r.Kind == kind && (r.State == MaintenanceState.Waiting || r.State == MaintenanceState.Running), ct)) return null;
        var run = MaintenanceRun.Of(row, kind, time.GetUtcNow());
        db.MaintenanceRuns.Add(run);
        try
        {
            await db.SaveChangesAsync(ct);
            return run;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            db.ChangeTracker.Clear();
            return null;
        }
    }

    /// <summary>Takes the oldest run whose repository nobody works on, or one whose worker is gone.</summary>
    public async Task<MaintenanceClaim?> ClaimAsync(Guid owner, CancellationToken ct)
    {
        try
        {
            var claims = await db.Database.SqlQuery<MaintenanceClaim>($"""
                update maintenance_runs set state = 'Running', lease_owner = {owner}, lease_until = clock_timestamp() + {options.Lease}, started_at = coalesce(started_at, clock_timestamp())
                where id = (
                    select r.id from maintenance_runs r
                    where (r.state = 'Running' and r.lease_until < clock_timestamp())
                       or (r.state = 'Waiting' and not exists (select 1 from maintenance_runs o where o.repository_id = r.repository_id and o.state = 'Running'))
                    order by r.created_at limit 1 for update skip locked)
                returning id, tenant_id
                """).ToListAsync(ct);
            return claims.SingleOrDefault();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // Two runs of one repository were claimed at the same moment; the other one goes first.
            return null;
        }
    }

    public async Task<MaintenanceLook> LookAsync(Guid id, Guid owner, CancellationToken ct)
    {
        var seen = await db.Database.SqlQuery<bool>($"""
            update maintenance_runs set lease_until = clock_timestamp() + {options.Lease}
            where id = {id} and lease_owner = {owner} and state = 'Running' returning cancel_requested as "Value"
            """).ToListAsync(ct);
        return new MaintenanceLook(seen.Count == 1, seen is [true]);
    }

    private TimeSpan Each(MaintenanceKind kind, TenantRepository row) => kind switch
    {
        MaintenanceKind.Collect => row.CollectionDue ? options.CollectAfterDeletions : options.CollectEach,
        MaintenanceKind.Verify => options.VerifyEach,
        _ => options.ScrubEach,
    };
}
