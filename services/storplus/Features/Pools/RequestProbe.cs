using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Pools;

/// <summary>Probes a pool again. One accepted call is one task, whose id is given at once.</summary>
internal static class RequestProbe
{
    public sealed record Response(Guid TaskId);

    public static void Map(RouteGroupBuilder pools) =>
        pools.MapPost("/{id:guid}/probes", async (Guid id, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(id, ct)).ToHttp(r => TypedResults.Accepted($"/api/v1/ant/tasks/{r.TaskId}", r)))
            .WithName("storplus.pools.probe").Produces<Response>(StatusCodes.Status202Accepted).ProducesProblem(404)
            .RequirePermission(Permissions.PoolsWrite);

    internal sealed class Handler(StorplusDb db, CallContext call, TimeProvider time)
    {
        public async Task<Result<Response>> HandleAsync(Guid id, CancellationToken ct)
        {
            if (await db.Pools.SingleOrDefaultAsync(p => p.Id == id, ct) is not { } pool) return Pool.NotFound;
            call.Record?.Concerns("pool", pool.Id, pool.Name);
            pool.BeginProbe(Guid.CreateVersion7());
            db.Probes.Add(Probe.Of(pool, time.GetUtcNow()));
            db.Add(new PoolProbeRequested(pool.Id, pool.Name, pool.CurrentProbeId, call.Caller.Name) { TenantId = pool.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            return new Response(pool.CurrentProbeId);
        }
    }
}
