using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Points;

/// <summary>Deletes a recovery point that its host's name confirms; the host's last good one only when that is said too.</summary>
internal static class Delete
{
    public static readonly Error InUse = new(ErrorKind.Conflict, "storplus.point.in_use", "A running sync compares with this recovery point; wait for its end.");

    public static void Map(RouteGroupBuilder points) =>
        points.MapDelete("/{id}", async (string id, string? confirm, [FromQuery(Name = "last_good")] bool? lastGood, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(id, confirm, lastGood ?? false, ct)).ToHttp(_ => TypedResults.Accepted((string?)null)))
            .WithName("storplus.points.delete").Produces(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.PointsWrite);

    internal sealed class Handler(StorplusDb db, PointRemoval removal, CallContext call, TimeProvider time)
    {
        public async Task<Result<Done>> HandleAsync(string id, string? confirm, bool lastGood, CancellationToken ct)
        {
            if (await db.FindPointAsync(id, ct) is not { } point) return Point.NotFound;
            call.Record?.Concerns("point", point.Id, point.HostName);
            if (point.State is PointState.CreateDoing or PointState.Deleting) return Point.InProgress;
            if (confirm != point.HostName) return Error.Field("confirm", "Enter the host's name to delete its recovery point.");
            if (point.HoldReason is not null) return Point.OnHold;
            if (point.State == PointState.CreateDone && await RefusalAsync(point, lastGood, ct) is { } refusal) return refusal;
            removal.Decide(point, "user");
            await db.SaveChangesAsync(ct);
            await removal.TryRunAsync([point.RepositoryId], ct);
            return Done.Instance;
        }

        private async Task<Error?> RefusalAsync(Point point, bool lastGood, CancellationToken ct)
        {
            var now = time.GetUtcNow();
            if (await db.WriteSessions.AnyAsync(s => s.State == WriteSessionState.Open && s.ExpiresAt > now && s.ParentPointId == point.PointId, ct)) return InUse;
            var others = await db.Points.AnyAsync(p => p.HostId == point.HostId && p.State == PointState.CreateDone && p.Id != point.Id, ct);
            return others || lastGood ? null : Point.LastGood;
        }
    }
}
