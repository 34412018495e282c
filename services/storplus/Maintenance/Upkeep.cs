using HyperBdr.Contracts.Events;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>Rows that mean nothing any more go, sessions that nobody ended end, and the space of pools is looked at.</summary>
internal sealed class Upkeep(StorplusDb db, PoolSpaces spaces, MaintenanceOptions options, TimeProvider time)
{
    private const string ExpiredCode = "storplus.session.expired";

    /// <summary>A sync that outlived its keys has this long to be listed.</summary>
    private static readonly TimeSpan ExpirySlack = TimeSpan.FromHours(1);

    /// <summary>Sessions whose machine and task are silent for good: the point that they were to make is said to have failed.</summary>
    public async Task ExpireSessionsAsync(Guid repositoryId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var before = now - ExpirySlack;
        foreach (var session in await db.WriteSessions.Where(s => s.RepositoryId == repositoryId && s.State == WriteSessionState.Open && s.ExpiresAt < before).ToListAsync(ct))
        {
            session.Abandon(now);
            if (await db.Points.SingleOrDefaultAsync(p => p.Id == session.Id, ct) is { State: PointState.CreateDoing } point) point.Fail(ExpiredCode, "The sync did not end before its access to the storage pool did.");
        }

        await db.SaveChangesAsync(ct);
    }

    /// <summary>Forgets what is only history; the newest run of each kind and the newest probe stay.</summary>
    public async Task PruneAsync(Guid repositoryId, CancellationToken ct)
    {
        var sessions = time.GetUtcNow() - options.SessionsKept;
        await db.WriteSessions.Where(s => s.RepositoryId == repositoryId && s.State != WriteSessionState.Open && s.CleanAt == null && s.ExpiresAt < sessions).ExecuteDeleteAsync(ct);
        var runs = time.GetUtcNow() - options.RunsKept;
        await db.Database.ExecuteSqlAsync($"""
            delete from maintenance_runs r where r.repository_id = {repositoryId} and r.ended_at < {runs}
                and exists (select 1 from maintenance_runs n where n.repository_id = r.repository_id and n.kind = r.kind and n.ended_at > r.ended_at)
            """, ct);
        await db.Database.ExecuteSqlAsync($"""
            delete from probes p using repositories r where r.id = {repositoryId} and p.pool_id = r.pool_id and p.ended_at < {runs}
                and exists (select 1 from probes n where n.pool_id = p.pool_id and n.ended_at > p.ended_at)
            """, ct);
        var samples = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(-400);
        await db.CapacitySamples.Where(s => s.RepositoryId == repositoryId && s.Day < samples).ExecuteDeleteAsync(ct);
    }

    /// <summary>The day's sample, and a word when the place fills up or has room again.</summary>
    public async Task LookAtSpaceAsync(Guid repositoryId, CancellationToken ct)
    {
        var row = await db.Repositories.SingleAsync(r => r.Id == repositoryId, ct);
        var now = time.GetUtcNow();
        await Capacity.SampleAsync(db, row, now, ct);
        var pool = await db.Pools.SingleAsync(p => p.Id == row.PoolId, ct);
        if (await spaces.OfAsync(pool, ct) is not { TotalBytes: > 0 } space) return;
        pool.Measured(space.TotalBytes, space.FreeBytes, now);
        var used = space.TotalBytes - space.FreeBytes;
        var isFull = used >= options.NearlyFull * space.TotalBytes;
        var was = row.NearlyFull;
        if (row.FoundNearlyFull(isFull)) db.Add(new PoolProblem(pool.Id, pool.Name, NearlyFullCode, $"{100 * used / space.TotalBytes} % of the storage pool's disk are used; {space.FreeBytes} bytes are free.") { TenantId = pool.TenantId, OccurredAt = now });
        else if (was && !isFull) db.Add(new PoolProblemSolved(pool.Id, pool.Name, NearlyFullCode) { TenantId = pool.TenantId, OccurredAt = now });
        await db.SaveChangesAsync(ct);
    }

    public const string NearlyFullCode = "storplus.pool.nearly_full";
}
