using System.Data;
using HyperBdr.Contracts.Security;
using HyperBdr.Owl.Domain;
using HyperBdr.Owl.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>Walks the whole chain of the caller's tenant. It reads only, so it leaves no entry itself.</summary>
internal static class VerifyTrail
{
    public static void Map(RouteGroupBuilder audit) =>
        audit.MapPost("/verify", async (Handler handler, CancellationToken ct) => TypedResults.Ok(await handler.HandleAsync(ct)))
            .WithName("owl.audit.verify")
            .WithMetadata(new ReadOnlyCallAttribute())
            .RequirePermission(Permissions.AuditRead);

    internal sealed class Handler(OwlDb db, CheckpointKey key, CallContext call)
    {
        public async Task<ChainVerdict> HandleAsync(CancellationToken ct)
        {
            var tenant = call.TenantId;
            // One snapshot: entries that arrive during the walk belong to the next one.
            await using var snapshot = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            var head = await db.Heads.AsNoTracking().SingleOrDefaultAsync(h => h.TenantId == tenant, ct);
            var checkpoints = await db.Checkpoints.AsNoTracking().Where(c => c.TenantId == tenant).ToDictionaryAsync(c => c.Sequence, ct);
            var walk = new ChainWalk(tenant, checkpoints, key.IsSigned);
            await foreach (var entry in db.Entries.AsNoTracking().OrderBy(e => e.Sequence).AsAsyncEnumerable().WithCancellation(ct))
            {
                if (!walk.Take(entry)) break;
            }

            return walk.End(head);
        }
    }
}
