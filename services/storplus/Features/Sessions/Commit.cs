using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Retention;
using HyperBdr.Engine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Features.Points;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;
using PointState = HyperBdr.Storplus.Domain.PointState;
using Point = HyperBdr.Storplus.Domain.Point;
using WriteSession = HyperBdr.Storplus.Domain.WriteSession;

namespace HyperBdr.Storplus.Features.Sessions;

/// <summary>Checks a written point and lists it: the one act that makes it a recovery point.</summary>
internal sealed class Commit(StorplusDb db, RepositoryAccess access, PointRemoval removal, TimeProvider time)
{
    public static readonly Error Missing = new(ErrorKind.Conflict, "storplus.points.manifest_missing", "The recovery point's manifest is not in the repository, or cannot be read.");
    public static readonly Error NotWhole = new(ErrorKind.Conflict, "storplus.points.not_whole", "Parts of the recovery point are missing or damaged; it was discarded.");
    public static readonly Error Outlived = new(ErrorKind.Conflict, "storplus.points.outlived", "The recovery point took so long that what it builds on may be gone; it was discarded.");
    public static readonly Error Foreign = new(ErrorKind.Conflict, "storplus.points.foreign", "The recovery point is not one that this session wrote.");

    /// <summary>A tag that names the session in a manifest.</summary>
    public const string SessionTag = "session";

    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(10);

    public async Task<Result<Point>> HandleAsync(CommitRequest request, CancellationToken ct)
    {
        if (await db.WriteSessions.SingleOrDefaultAsync(s => s.Id == request.SessionId, ct) is not { } session) return WriteSession.NotFound;
        var point = await db.Points.SingleOrDefaultAsync(p => p.Id == session.Id, ct);
        if (session.State == WriteSessionState.Committed) return point?.PointId == request.PointId ? point : WriteSession.Committed;
        if (session.State == WriteSessionState.Abandoned || point is null) return WriteSession.Ended;
        if (await db.Points.AnyAsync(p => p.PointId == request.PointId, ct)) return Foreign;
        var row = await db.Repositories.SingleAsync(r => r.Id == session.RepositoryId, ct);
        var pool = await db.Pools.AsNoTracking().SingleAsync(p => p.Id == session.PoolId, ct);
        try
        {
            await using var repository = await access.OpenAsync(pool, row, Patience.Background, ct);
            var id = PointId.TryParse(request.PointId)!.Value;
            var verdict = await PointCheck.RunAsync(repository, id, ct);
            if (verdict.Point is { } manifest && !IsOf(session, manifest)) return Foreign;
            if (!verdict.IsWhole) return await RefuseAsync(session, point, repository, id, verdict, ct);
            return await ListAsync(request, session, point, row, verdict.Point!, ct);
        }
        catch (Exception e) when (EngineErrors.Covers(e))
        {
            return EngineErrors.Of(e);
        }
    }

    private static bool IsOf(WriteSession session, RecoveryPoint manifest) =>
        manifest.Host == session.HostName && manifest.TakenAt >= session.CreatedAt - ClockSlack
        && (!manifest.Tags.TryGetValue(SessionTag, out var tag) || tag == session.Id.ToString());

    private async Task<Result<Point>> RefuseAsync(WriteSession session, Point point, Repository repository, PointId id, PointVerdict verdict, CancellationToken ct)
    {
        var first = verdict.Findings[0];
        var error = verdict.Point is null ? Missing : verdict.Holds ? NotWhole : Outlived;
        // The decision first: a manifest that outlives it is found by the session's clean-up.
        point.Fail(error.Code, $"{error.Message} {first.Subject} {first.Message}");
        session.Abandon(time.GetUtcNow());
        await db.SaveChangesAsync(ct);
        if (first.Fault != Fault.NotFound) await Collector.DropPointAsync(repository, id, ct);
        return error;
    }

    private async Task<Result<Point>> ListAsync(CommitRequest request, WriteSession session, Point point, TenantRepository row, RecoveryPoint manifest, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var policy = await db.HostRetentions.SingleAsync(r => r.HostId == session.HostId, ct);
        var others = await db.Points.Where(p => p.HostId == session.HostId && (p.State == PointState.CreateDone || p.State == PointState.Deleting) && p.Id != point.Id).ToListAsync(ct);
        var before = others.Where(p => p.TakenAt <= manifest.TakenAt).MaxBy(p => p.TakenAt);
        point.Done(Facts(request, manifest), before?.Ordinals.Next(before.TakenAt, manifest.TakenAt, policy.Zone) ?? PeriodOrdinals.First, now);
        session.Commit();
        row.Stored(manifest.Statistics.Stored);
        db.Add(PointEvents.Created(point, now));
        // With a quota of 1 the old point goes only now.
        List<Point> good = [.. others.Where(p => p.State == PointState.CreateDone)];
        var plan = Eviction.Plan(await db.CountedAsync([.. good, point], now, session.Id, ct), policy.Quota + 1, policy.RuleList, policy.Zone, now);
        var going = good.Where(p => plan.Remove.Contains(p.Id.ToString(), StringComparer.Ordinal)).ToList();
        foreach (var old in going) removal.Decide(old, "quota");
        await db.SaveChangesAsync(ct);
        await removal.TryRunAsync(going.Select(p => p.RepositoryId), ct);
        return point;
    }

    private static PointFacts Facts(CommitRequest request, RecoveryPoint manifest)
    {
        var facts = PointFacts.Of(request.PointId, manifest);
        return facts with
        {
            Mode = request.Mode == "full" ? "full" : facts.Mode, SentBytes = request.SentBytes, FreezeUs = request.FreezeUs, DurationUs = request.DurationUs,
            ConsistencyReason = request.ConsistencyReason, ModeReason = request.ModeReason, Warnings = request.Warnings,
        };
    }
}
