using HyperBdr.Contracts.Errors;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;
using PointState = HyperBdr.Storplus.Domain.PointState;
using WriteSession = HyperBdr.Storplus.Domain.WriteSession;

namespace HyperBdr.Storplus.Features.Sessions;

/// <summary>Ends a session without a point and removes manifests that it may have left.</summary>
internal sealed partial class Abandon(StorplusDb db, RepositoryAccess access, TimeProvider time, ILogger<Abandon> log)
{
    private const string Code = "storplus.points.abandoned";
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(10);

    public async Task<Result<Done>> HandleAsync(Guid id, CancellationToken ct)
    {
        if (await db.WriteSessions.SingleOrDefaultAsync(s => s.Id == id, ct) is not { } session) return WriteSession.NotFound;
        // Its point is listed: there is nothing to give up.
        if (session.State == WriteSessionState.Committed) return Done.Instance;
        if (session.State == WriteSessionState.Open)
        {
            session.Abandon(time.GetUtcNow());
            if (await db.Points.SingleOrDefaultAsync(p => p.Id == id, ct) is { State: PointState.CreateDoing } point) point.Fail(Code, "The sync ended without a recovery point.");
            await db.SaveChangesAsync(ct);
        }

        await TryCleanAsync(session, ct);
        return Done.Instance;
    }

    /// <summary>Removes what the session published and nobody listed; where the store is away, housekeeping does it later.</summary>
    public async Task TryCleanAsync(WriteSession session, CancellationToken ct)
    {
        try
        {
            await CleanAsync(session, ct);
            session.Cleaned(time.GetUtcNow());
            await db.SaveChangesAsync(ct);
        }
        catch (Exception e) when (EngineErrors.Covers(e))
        {
            Later(log, session.Id, e.Message);
        }
    }

    private async Task CleanAsync(WriteSession session, CancellationToken ct)
    {
        var row = await db.Repositories.SingleAsync(r => r.Id == session.RepositoryId, ct);
        var pool = await db.Pools.AsNoTracking().SingleAsync(p => p.Id == session.PoolId, ct);
        await using var repository = await access.OpenAsync(pool, row, Patience.Call, ct);
        var until = session.ExpiresAt + ClockSlack;
        List<Engine.Repositories.PointEntry> candidates = [.. (await repository.ListPointsAsync(ct)).Where(e => e.Point is { } p && p.Host == session.HostName && p.TakenAt >= session.CreatedAt - ClockSlack && p.TakenAt <= until)];
        if (candidates.Count == 0) return;
        // The catalogue is asked after the store: what was committed meanwhile is listed.
        var names = candidates.ConvertAll(e => e.Id.ToString());
        var listed = await db.Points.Where(p => p.PointId != null && names.Contains(p.PointId)).Select(p => p.PointId!).ToListAsync(ct);
        var rivals = await db.WriteSessions.AnyAsync(s => s.Id != session.Id && s.RepositoryId == row.Id && s.HostName == session.HostName && s.State == WriteSessionState.Open, ct);
        foreach (var entry in candidates.Where(e => !listed.Contains(e.Id.ToString(), StringComparer.Ordinal)))
        {
            var tagged = entry.Point!.Tags.TryGetValue(Commit.SessionTag, out var tag);
            // One without the session's name could be of another session that is about to be committed.
            if (tagged ? tag != session.Id.ToString() : rivals) continue;
            await Collector.DropPointAsync(repository, entry.Id, ct);
            Removed(log, entry.Id.Abbreviated, session.Id);
        }
    }

    [LoggerMessage(EventId = 3202, Level = LogLevel.Warning, Message = "Manifests of session {SessionId} are looked for later: {Reason}")]
    private static partial void Later(ILogger log, Guid sessionId, string reason);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Information, Message = "Manifest {Point} of the abandoned session {SessionId} was removed")]
    private static partial void Removed(ILogger log, string point, Guid sessionId);
}
