using System.Data.Common;
using HyperBdr.Contracts.Retention;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Features.Sessions;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>Every ten minutes, by one process at a time: expired points go, cut deletions and clean-ups go on, due maintenance is put into the queue.</summary>
internal sealed partial class Housekeeping(IServiceScopeFactory scopes, MaintenanceOptions options, MaintenanceSignal signal, TimeProvider time, ILogger<Housekeeping> log) : BackgroundService
{
    /// <summary>Key of the database's advisory lock.</summary>
    private const long LockKey = 0x53_54_4f_52_48_4b;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.HousekeepingEach, time);
        do
        {
            try
            {
                await PassAsync(stoppingToken);
            }
            catch (Exception e) when (IsDatabase(e))
            {
                Postponed(log, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task PassAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<StorplusDb>();
        // The lock lives as long as this connection: a killed process leaves none.
        await db.Database.OpenConnectionAsync(ct);
        if (!await db.Database.SqlQuery<bool>($"select pg_try_advisory_lock({LockKey}) as \"Value\"").SingleAsync(ct)) return;
        try
        {
            var repositories = await db.Repositories.IgnoreQueryFilters().AsNoTracking().OrderBy(r => r.Id).Select(r => new { r.Id, r.TenantId }).ToListAsync(ct);
            foreach (var repository in repositories) await CareAsync(repository.Id, repository.TenantId, ct);
        }
        finally
        {
            await db.Database.ExecuteSqlAsync($"select pg_advisory_unlock({LockKey})", CancellationToken.None);
        }

        signal.Raise();
    }

    private async Task CareAsync(Guid id, Guid tenantId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("storplus", tenantId);
        var parts = scope.ServiceProvider;
        var db = parts.GetRequiredService<StorplusDb>();
        try
        {
            await ExpireAsync(db, parts.GetRequiredService<PointRemoval>(), id, ct);
            await parts.GetRequiredService<PointRemoval>().TryRunAsync([id], ct);
            var upkeep = parts.GetRequiredService<Upkeep>();
            await upkeep.ExpireSessionsAsync(id, ct);
            await CleanAsync(db, parts.GetRequiredService<Abandon>(), id, ct);
            await upkeep.LookAtSpaceAsync(id, ct);
            await upkeep.PruneAsync(id, ct);
            await parts.GetRequiredService<MaintenanceQueue>().AddDueAsync(id, ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Somebody changed a point at the same moment: the next pass sees it as it is then.
            Raced(log, id);
        }
        catch (Exception e) when (e is not OperationCanceledException && !IsDatabase(e))
        {
            // A fault over one repository must not keep the others from being cared for.
            Broken(log, id, e);
        }
    }

    private async Task ExpireAsync(StorplusDb db, PointRemoval removal, Guid repositoryId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var hosts = await db.Points.Where(p => p.RepositoryId == repositoryId && p.State == PointState.CreateDone).Select(p => p.HostId).Distinct().ToListAsync(ct);
        foreach (var policy in await db.HostRetentions.AsNoTracking().Where(r => hosts.Contains(r.HostId)).ToListAsync(ct))
        {
            if (policy.RuleList.Count == 0) continue;
            var points = await db.Points.Where(p => p.HostId == policy.HostId && p.State == PointState.CreateDone).ToListAsync(ct);
            var expired = Eviction.Expired(await db.CountedAsync(points, now, ending: null, ct), policy.RuleList, policy.Zone, now);
            foreach (var point in points.Where(p => p.RepositoryId == repositoryId && expired.Contains(p.Id.ToString(), StringComparer.Ordinal))) removal.Decide(point, "retention_expired");
        }

        await db.SaveChangesAsync(ct);
    }

    private async Task CleanAsync(StorplusDb db, Abandon abandon, Guid repositoryId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var session in await db.WriteSessions.Where(s => s.RepositoryId == repositoryId && s.State == WriteSessionState.Abandoned && s.CleanAt <= now).ToListAsync(ct))
            await abandon.TryCleanAsync(session, ct);
    }

    private static bool IsDatabase(Exception e) => e is DbException or DbUpdateException or TimeoutException or InvalidOperationException { InnerException: DbException };

    [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "Housekeeping waits for its next pass: {Reason}")]
    private static partial void Postponed(ILogger log, string reason);

    [LoggerMessage(EventId = 3302, Level = LogLevel.Information, Message = "Repository {RepositoryId} changed while it was cared for; the next pass goes on")]
    private static partial void Raced(ILogger log, Guid repositoryId);

    [LoggerMessage(EventId = 3303, Level = LogLevel.Error, Message = "Care for repository {RepositoryId} met an unexpected fault")]
    private static partial void Broken(ILogger log, Guid repositoryId, Exception e);
}
