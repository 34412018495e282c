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

/// <summary>Changes a pool and probes it anew; a probe that still runs loses its say.</summary>
internal static class Update
{
    public sealed record Response(PoolView Pool, Guid ProbeTaskId);

    public static void Map(RouteGroupBuilder pools) =>
        pools.MapPut("/{id:guid}", async (Guid id, PoolForm body, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(id, body, ct)).ToHttp(r => TypedResults.Accepted($"/api/v1/storplus/pools/{id}", r)))
            .WithName("storplus.pools.update").Produces<Response>(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.PoolsWrite);

    internal sealed class Handler(StorplusDb db, PoolRules rules, Envelope envelope, CallContext call, TimeProvider time)
    {
        public async Task<Result<Response>> HandleAsync(Guid id, PoolForm body, CancellationToken ct)
        {
            if (await db.Pools.SingleOrDefaultAsync(p => p.Id == id, ct) is not { } pool) return Pool.NotFound;
            call.Record?.Concerns("pool", pool.Id, pool.Name);
            var form = rules.Check(body, pool);
            if (form.IsError) return form.Error;
            if (await db.Pools.AnyAsync(p => p.Name == form.Value.Name && p.Id != id, ct)) return Pool.NameTaken;

            Apply(pool, form.Value);
            pool.BeginProbe(Guid.CreateVersion7());
            db.Probes.Add(Probe.Of(pool, time.GetUtcNow()));
            db.Add(new PoolUpdated(pool.Id, pool.Name, pool.CurrentProbeId, call.Caller.Name) { TenantId = pool.TenantId, OccurredAt = time.GetUtcNow() });
            if (await db.TrySaveAsync(ct) is { } error) return error;
            return new Response((await db.WithProbesAsync([pool], ct))[0], pool.CurrentProbeId);
        }

        private void Apply(Pool pool, CheckedForm form)
        {
            pool.Rename(form.Name);
            if (form.Kind == PoolKind.Folder) pool.MoveTo(form.FolderPath!);
            else if (form.Kind == PoolKind.S3) pool.Reconfigure(form.S3!, form.Secret is { } secret ? envelope.Seal(secret, pool.SecretContext) : null);
        }
    }
}
