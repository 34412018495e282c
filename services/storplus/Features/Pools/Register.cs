using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Storplus.Features.Pools;

/// <summary>Adds a pool and asks for its probe; the pool counts as available only after that.</summary>
internal static class Register
{
    public sealed record Response(PoolView Pool, Guid ProbeTaskId);

    public static void Map(RouteGroupBuilder pools) =>
        pools.MapPost("/", async (PoolForm body, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(body, ct)).ToHttp(r => TypedResults.Accepted($"/api/v1/storplus/pools/{r.Pool.Id}", r)))
            .WithName("storplus.pools.register").Produces<Response>(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(409)
            .RequirePermission(Permissions.PoolsWrite);

    internal sealed class Handler(StorplusDb db, PoolRules rules, Envelope envelope, GatewayLink link, CallContext call, TimeProvider time)
    {
        public async Task<Result<Response>> HandleAsync(PoolForm body, CancellationToken ct)
        {
            var form = rules.Check(body, stored: null);
            if (form.IsError) return form.Error;
            if (form.Value.GatewayId is { } gateway && await link.RefusalAsync(gateway, ct) is { } refusal) return refusal;
            var pool = Build(form.Value);
            call.Record?.Concerns("pool", pool.Id, pool.Name);
            if (await db.Pools.AnyAsync(p => p.Name == pool.Name, ct)) return Pool.NameTaken;

            pool.BeginProbe(Guid.CreateVersion7());
            db.Pools.Add(pool);
            db.Probes.Add(Probe.Of(pool, time.GetUtcNow()));
            db.Add(new PoolRegistered(pool.Id, pool.Name, pool.CurrentProbeId, call.Caller.Name) { TenantId = pool.TenantId, OccurredAt = time.GetUtcNow() });
            if (await db.TrySaveAsync(ct) is { } error) return error;
            return new Response(PoolViews.Of(pool, probe: null), pool.CurrentProbeId);
        }

        private Pool Build(CheckedForm form)
        {
            var id = Guid.CreateVersion7();
            return form.Kind switch
            {
                PoolKind.Folder => Pool.OfFolder(id, call.TenantId, form.Name, form.FolderPath!, time.GetUtcNow()),
                // The bucket and its key come with the first step of the probe, when the gateway is asked.
                PoolKind.Gateway => Pool.OfGateway(id, call.TenantId, form.Name, form.GatewayId!.Value, envelope.Seal(GatewayLink.NewReader(), Pool.ReaderContextOf(id)), time.GetUtcNow()),
                _ => Pool.OfS3(id, call.TenantId, form.Name, form.S3!, envelope.Seal(form.Secret!, Pool.SecretContextOf(id)), time.GetUtcNow()),
            };
        }
    }

    /// <summary>Saves; another pool of the same name that came first is a refusal, not a fault.</summary>
    internal static async Task<Error?> TrySaveAsync(this StorplusDb db, CancellationToken ct)
    {
        try
        {
            await db.SaveChangesAsync(ct);
            return null;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: StorplusDb.PoolNameIndex })
        {
            return Pool.NameTaken;
        }
    }
}
