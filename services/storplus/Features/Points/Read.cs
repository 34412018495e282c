using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Retention;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Points;

/// <summary>One recovery point, and the list by host, pool and state, newest first.</summary>
internal static class Read
{
    public static void Map(RouteGroupBuilder points)
    {
        points.MapGet("/", async (StorplusDb db, TimeProvider time, [FromQuery(Name = "host_id")] Guid? hostId, [FromQuery(Name = "pool_id")] Guid? poolId, string? state, int? page, [FromQuery(Name = "page_size")] int? pageSize, CancellationToken ct) =>
                (await ListAsync(db, time, hostId, poolId, state, new PageQuery(page, pageSize), ct)).ToHttp())
            .WithName("storplus.points.list").Produces<Listing<PointView>>().ProducesProblem(400).RequirePermission(Permissions.PointsRead);
        points.MapGet("/{id}", async (string id, StorplusDb db, TimeProvider time, CancellationToken ct) => (await GetAsync(db, time, id, ct)).ToHttp())
            .WithName("storplus.points.get").Produces<PointView>().ProducesProblem(404).RequirePermission(Permissions.PointsRead);
    }

    /// <summary>By its manifest's name or, while it has none, its session's id.</summary>
    public static async Task<Point?> FindPointAsync(this StorplusDb db, string id, CancellationToken ct) => Guid.TryParse(id, out var session)
        ? await db.Points.SingleOrDefaultAsync(p => p.Id == session, ct)
        : await db.Points.SingleOrDefaultAsync(p => p.PointId == id, ct);

    private static async Task<Result<Listing<PointView>>> ListAsync(StorplusDb db, TimeProvider time, Guid? hostId, Guid? poolId, string? state, PageQuery query, CancellationToken ct)
    {
        var rows = db.Points.AsNoTracking();
        if (hostId is { } host) rows = rows.Where(p => p.HostId == host);
        if (poolId is { } pool) rows = rows.Where(p => p.PoolId == pool);
        if (state is not null)
        {
            PointState[] known = [.. Enum.GetValues<PointState>().Where(s => PointViews.Word(s) == state)];
            if (known.Length == 0) return Error.Field("state", "Enter create_doing, create_done, create_failed or deleting.");
            var wanted = known[0];
            rows = rows.Where(p => p.State == wanted);
        }

        var found = await query.OfAsync(rows.OrderByDescending(p => p.TakenAt).ThenByDescending(p => p.Id), ct);
        var kept = await RetainedAsync(db, time, [.. found.Items.Select(p => p.HostId).Distinct()], ct);
        return new Listing<PointView>([.. found.Items.Select(p => PointViews.Of(p, Until(kept, p)))], found.Total, found.Page, found.PageSize);
    }

    private static async Task<Result<PointView>> GetAsync(StorplusDb db, TimeProvider time, string id, CancellationToken ct)
    {
        if (await db.FindPointAsync(id, ct) is not { } point) return Point.NotFound;
        return PointViews.Of(point, Until(await RetainedAsync(db, time, [point.HostId], ct), point));
    }

    private static DateTimeOffset? Until(Dictionary<string, DateTimeOffset> kept, Point point) => kept.TryGetValue(point.Id.ToString(), out var until) ? until : null;

    private static async Task<Dictionary<string, DateTimeOffset>> RetainedAsync(StorplusDb db, TimeProvider time, List<Guid> hosts, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var kept = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var policies = await db.HostRetentions.AsNoTracking().Where(r => hosts.Contains(r.HostId)).ToListAsync(ct);
        foreach (var policy in policies.Where(p => p.RuleList.Count > 0))
        {
            var points = await db.Points.AsNoTracking().Where(p => p.HostId == policy.HostId && p.State == PointState.CreateDone).ToListAsync(ct);
            foreach (var (id, until) in SequenceRetention.Evaluate(points.Select(p => p.Counted.Point), policy.RuleList, policy.Zone, now).Where(k => k.Value > now)) kept[id] = until;
        }

        return kept;
    }
}
