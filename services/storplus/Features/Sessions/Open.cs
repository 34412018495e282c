using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Retention;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Engine.Repositories;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Point = HyperBdr.Storplus.Domain.Point;
using Pool = HyperBdr.Storplus.Domain.Pool;
using Session = HyperBdr.Storplus.Domain.WriteSession;

namespace HyperBdr.Storplus.Features.Sessions;

/// <summary>Opens the session of a task, or gives the one that it has with fresh keys.</summary>
internal sealed class Open(StorplusDb db, RepositoryAccess access, RepositoryStores stores, PointRemoval removal, CallContext call, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(24);

    public async Task<Result<Contracts.Storplus.V1.WriteSession>> HandleAsync(OpenRequest request, CancellationToken ct)
    {
        if (await db.Pools.AsNoTracking().SingleOrDefaultAsync(p => p.Id == request.PoolId, ct) is not { } pool) return Pool.NotFound;
        if (pool.State != PoolState.Available) return Pool.NotAvailable;
        try
        {
            var row = await access.EnsureAsync(pool, ct);
            await using var repository = await access.OpenAsync(pool, row, Patience.Call, ct);
            var session = await SessionAsync(request, row, repository, ct);
            return session.IsError ? session.Error : Sealed(pool, row, session.Value, request.ReaderKey);
        }
        catch (Exception e) when (EngineErrors.Covers(e))
        {
            return EngineErrors.Of(e);
        }
    }

    private async Task<Result<Session>> SessionAsync(OpenRequest request, TenantRepository row, Repository repository, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var session = await db.WriteSessions.SingleOrDefaultAsync(s => s.TaskId == request.TaskId, ct);
        if (session is not null && (session.HostId != request.HostId || session.PoolId != request.PoolId)) return Session.OtherRequest;
        if (session?.State == WriteSessionState.Committed) return Session.Committed;
        if (session?.State == WriteSessionState.Open)
        {
            session.Renew(now + Life);
            await db.SaveChangesAsync(ct);
            return session;
        }

        var room = await MakeRoomAsync(request, now, ct);
        if (room.IsError) return room.Error;
        session ??= Session.Of(request.TaskId, request.HostId, request.HostName, row, now);
        if (db.Entry(session).State == EntityState.Detached) db.WriteSessions.Add(session);
        session.Open(request.Full ? null : await ParentAsync(request, room.Value, repository, ct), now + Life);
        var point = await db.Points.SingleOrDefaultAsync(p => p.Id == session.Id, ct);
        if (point is null) db.Points.Add(point = Point.Of(session, now));
        point.Begin();
        if (!await TrySaveAsync(ct)) return await db.WriteSessions.SingleAsync(s => s.TaskId == request.TaskId, ct);
        // Decided with the session; the manifests go when that is durable.
        await removal.TryRunAsync(room.Value.Where(p => p.State == PointState.Deleting).Select(p => p.RepositoryId), ct);
        return session;
    }

    /// <summary>Decides which points go before the new one is begun.</summary>
    /// <returns>The host's points as they were.</returns>
    private async Task<Result<List<Point>>> MakeRoomAsync(OpenRequest request, DateTimeOffset now, CancellationToken ct)
    {
        var policy = await db.HostRetentions.SingleOrDefaultAsync(r => r.HostId == request.HostId, ct);
        if (policy is null) db.HostRetentions.Add(policy = HostRetention.Of(request.HostId, call.TenantId));
        policy.Take(request.Quota, request.TimeZone, request.Rules, now);
        var points = await db.Points.Where(p => p.HostId == request.HostId && (p.State == PointState.CreateDone || p.State == PointState.CreateFailed)).ToListAsync(ct);
        // The row of this task's own earlier try is not one more point.
        var own = await db.WriteSessions.Where(s => s.TaskId == request.TaskId).Select(s => s.Id).SingleOrDefaultAsync(ct);
        var counted = await db.CountedAsync([.. points.Where(p => p.Id != own)], now, ending: null, ct);
        var plan = Eviction.Plan(counted, request.Quota, policy.RuleList, policy.Zone, now);
        if (plan.Exhausted) return Point.QuotaExhausted;
        foreach (var id in plan.Remove) removal.Decide(points.Single(p => p.Id.ToString() == id), "quota");
        return points;
    }

    /// <summary>The newest point of this host in this pool that the repository still has.</summary>
    private static async Task<string?> ParentAsync(OpenRequest request, List<Point> points, Repository repository, CancellationToken ct)
    {
        foreach (var point in points.Where(p => p.PoolId == request.PoolId && p is { State: PointState.CreateDone, Damage: null }).OrderByDescending(p => p.TakenAt))
        {
            if (await repository.FindPointAsync(Engine.Points.PointId.TryParse(point.PointId!)!.Value, ct) is { Holds: true, Point: not null }) return point.PointId;
        }

        return null;
    }

    private async Task<bool> TrySaveAsync(CancellationToken ct)
    {
        try
        {
            await db.SaveChangesAsync(ct);
            return true;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // The same task asked twice at the same moment; the other call was first.
            db.ChangeTracker.Clear();
            return false;
        }
    }

    private Contracts.Storplus.V1.WriteSession Sealed(Pool pool, TenantRepository row, Session session, byte[] readerKey)
    {
        var secret = new SessionSecret
        {
            SessionId = session.Id.ToString(), HostName = session.HostName, ParentPointId = session.ParentPointId ?? "",
            Store = stores.AccessOf(pool, session), RepositoryKey = access.KeyOf(row),
        };
        return new Contracts.Storplus.V1.WriteSession
        {
            Id = session.Id.ToString(), ParentPointId = secret.ParentPointId, ExpiresAt = session.ExpiresAt.ToTimestamp(),
            Sealed = ByteString.CopyFrom(SealedToMachine.Seal(readerKey, $"session/{session.TaskId}", secret.ToByteArray())),
        };
    }
}

internal static class CountedPoints
{
    /// <summary>Points as quota and retention see them; the parent of a session that is open is in use.</summary>
    /// <param name="ending">A session that ends with what is being decided.</param>
    public static async Task<List<CountedPoint>> CountedAsync(this StorplusDb db, IReadOnlyList<Point> points, DateTimeOffset now, Guid? ending, CancellationToken ct)
    {
        var parents = await db.WriteSessions.Where(s => s.Id != ending && s.State == WriteSessionState.Open && s.ExpiresAt > now && s.ParentPointId != null).Select(s => s.ParentPointId).ToListAsync(ct);
        return [.. points.Select(p => p.Counted is var counted && p.PointId is not null && parents.Contains(p.PointId) ? counted with { Held = true } : p.Counted)];
    }
}
