using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;

namespace HyperBdr.Storplus.Features.Points;

/// <summary>Puts a recovery point on hold, so that neither quota, retention nor people remove it, and releases it.</summary>
internal static class Hold
{
    public sealed record Request(string? Reason);

    public static void Map(RouteGroupBuilder points)
    {
        points.MapPut("/{id}/hold", async (string id, Request body, Handler handler, CancellationToken ct) => (await handler.HoldAsync(id, body, ct)).ToHttp())
            .WithName("storplus.points.hold").Produces<PointView>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.PointsWrite);
        points.MapDelete("/{id}/hold", async (string id, Handler handler, CancellationToken ct) => (await handler.ReleaseAsync(id, ct)).ToHttp())
            .WithName("storplus.points.release").Produces<PointView>().ProducesProblem(404).RequirePermission(Permissions.PointsWrite);
    }

    internal sealed class Handler(StorplusDb db, CallContext call, TimeProvider time)
    {
        public async Task<Result<PointView>> HoldAsync(string id, Request body, CancellationToken ct)
        {
            var reason = body.Reason?.Trim() ?? "";
            if (reason.Length is < 2 or > 200 || reason.Any(char.IsControl)) return Error.Field("reason", "Say why, in 2 to 200 characters.");
            if (await db.FindPointAsync(id, ct) is not { } point) return Point.NotFound;
            call.Record?.Concerns("point", point.Id, point.HostName);
            if (point.State != PointState.CreateDone) return Point.InProgress;
            point.Hold(reason, call.Caller.Name, time.GetUtcNow());
            await db.SaveChangesAsync(ct);
            return PointViews.Of(point, null);
        }

        public async Task<Result<PointView>> ReleaseAsync(string id, CancellationToken ct)
        {
            if (await db.FindPointAsync(id, ct) is not { } point) return Point.NotFound;
            call.Record?.Concerns("point", point.Id, point.HostName);
            point.Release();
            await db.SaveChangesAsync(ct);
            return PointViews.Of(point, null);
        }
    }
}
