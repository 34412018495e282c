using HyperBdr.Contracts.Events;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using PointState = HyperBdr.Storplus.Domain.PointState;
using CataloguePoint = HyperBdr.Storplus.Domain.Point;

namespace HyperBdr.Storplus.Repositories;

/// <summary>Carries out decided deletions: the manifest first, then the row with its event. Cut anywhere, the next run goes on.</summary>
internal sealed partial class PointRemoval(StorplusDb db, RepositoryAccess access, TimeProvider time, ILogger<PointRemoval> log)
{
    /// <exception cref="Engine.EngineException">The repository cannot be reached; what is left stays decided.</exception>
    public async Task RunAsync(Guid repositoryId, CancellationToken ct)
    {
        var due = await db.Points.Where(p => p.RepositoryId == repositoryId && p.State == PointState.Deleting).OrderBy(p => p.TakenAt).ToListAsync(ct);
        if (due.Count == 0) return;
        var row = await db.Repositories.SingleAsync(r => r.Id == repositoryId, ct);
        var pool = await db.Pools.AsNoTracking().SingleAsync(p => p.Id == row.PoolId, ct);
        await using var repository = await access.OpenAsync(pool, row, Patience.Call, ct);
        foreach (var point in due)
        {
            await Collector.DropPointAsync(repository, PointId.TryParse(point.PointId!)!.Value, ct);
            db.Points.Remove(point);
            row.PointsDeleted();
            db.Add(new RecoveryPointDeleted(point.HostId, point.PointId!, point.PoolId, point.DeleteReason ?? "") { TenantId = point.TenantId, OccurredAt = time.GetUtcNow(), HostName = point.HostName });
            await db.SaveChangesAsync(ct);
        }
    }

    /// <summary>As <see cref="RunAsync"/>; where the store is away, housekeeping does it later.</summary>
    public async Task TryRunAsync(IEnumerable<Guid> repositoryIds, CancellationToken ct)
    {
        foreach (var id in repositoryIds.Distinct())
        {
            try
            {
                await RunAsync(id, ct);
            }
            catch (Exception e) when (EngineErrors.Covers(e) || e is DbUpdateConcurrencyException)
            {
                // Another process may have removed the same row; and a store comes back.
                db.ChangeTracker.Clear();
                Later(log, id, e.Message);
            }
        }
    }

    /// <summary>Decides: a good point goes by <see cref="RunAsync"/>, of a failed one there is only the row.</summary>
    public void Decide(CataloguePoint point, string reason)
    {
        if (point.State == PointState.CreateDone) point.Delete(reason);
        else db.Points.Remove(point);
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "Deleted points of repository {RepositoryId} wait for the next pass: {Reason}")]
    private static partial void Later(ILogger log, Guid repositoryId, string reason);
}
