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

/// <summary>Forgets a pool. What is stored in it stays.</summary>
internal static class Delete
{
    public static void Map(RouteGroupBuilder pools) =>
        pools.MapDelete("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp())
            .WithName("storplus.pools.delete").Produces(StatusCodes.Status204NoContent).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.PoolsWrite);

    internal sealed class Handler(StorplusDb db, CallContext call, TimeProvider time)
    {
        public async Task<Result<Done>> HandleAsync(Guid id, CancellationToken ct)
        {
            if (await db.Pools.SingleOrDefaultAsync(p => p.Id == id, ct) is not { } pool) return Pool.NotFound;
            call.Record?.Concerns("pool", pool.Id, pool.Name);
            if (pool.State == PoolState.Verifying) return Pool.StillVerifying;
            if (await db.Points.AnyAsync(p => p.PoolId == id && p.State != PointState.CreateFailed, ct)) return Pool.InUse;
            // With the repository's row goes its key: from here on only an escrow key reads what is left.
            await db.Points.Where(p => p.PoolId == id).ExecuteDeleteAsync(ct);
            if (await db.Repositories.SingleOrDefaultAsync(r => r.PoolId == id, ct) is { } repository) db.Repositories.Remove(repository);
            db.Pools.Remove(pool);
            db.Add(new PoolDeleted(pool.Id, pool.Name) { TenantId = pool.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            return Done.Instance;
        }
    }
}
