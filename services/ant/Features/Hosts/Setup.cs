using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Sets up disaster recovery in object mode: where points go, how they are to be started, under which policy.</summary>
internal static class Setup
{
    private const int LargestSettings = 16 * 1024;

    public static readonly Error PoolNotAvailable = new(ErrorKind.Conflict, "ant.host.pool_not_available", "The storage pool is not available; see to its check first.");

    /// <param name="PolicyId">Absent: no change; a policy can be attached at any time.</param>
    /// <param name="ExcludedDisks">Ids of disks that take no part, for one host; absent: no change.</param>
    /// <param name="RecoverySettings">JSON object of at most 16 KiB, kept for recovery; absent: no change.</param>
    public sealed record Request(
        [property: Required, MinLength(1), MaxLength(Bulk.Most)] IReadOnlyList<Guid> Ids, Guid PoolId, Guid? PolicyId,
        [property: MaxLength(256)] IReadOnlyList<string>? ExcludedDisks, JsonElement? RecoverySettings);

    public static void Map(RouteGroupBuilder hosts) =>
        hosts.MapPost("/setup", async (Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp())
            .WithName("ant.hosts.setup").Produces<BulkResponse>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.HostsWrite);

    internal sealed class Handler(AntDb db, Bulk bulk, Pools.PoolsClient pools, CallContext call, TimeProvider time)
    {
        public async Task<Result<BulkResponse>> HandleAsync(Request body, CancellationToken ct)
        {
            if (body.RecoverySettings is { } settings && (settings.ValueKind != JsonValueKind.Object || settings.GetRawText().Length > LargestSettings))
                return Error.Field("recovery_settings", "Enter a JSON object of at most 16 KiB.");
            if (body.ExcludedDisks is { } excluded && (body.Ids.Distinct().Count() > 1 || excluded.Any(d => d is not { Length: > 0 and <= 256 } || d.Any(char.IsControl))))
                return Error.Field("excluded_disks", "Enter ids of disks of one host.");
            if (body.PolicyId is { } policy && !await db.Policies.AnyAsync(p => p.Id == policy, ct)) return Policy.NotFound;
            var pool = await PoolAsync(body.PoolId, ct);
            if (pool.IsError) return pool.Error;
            if (pool.Value.State != "available") return PoolNotAvailable;
            var setup = new HostSetup(body.PoolId, pool.Value.Name, body.ExcludedDisks, body.RecoverySettings?.GetRawText());
            return await bulk.RunAsync(body.Ids, host => Task.FromResult(Change(host, setup, body.PolicyId)), startsSyncs: false, ct);
        }

        private Result<Guid?> Change(ProtectedHost host, HostSetup setup, Guid? policy)
        {
            if (host.Setup(setup) is { } error) return error;
            if (policy is not { } id || host.PolicyId == id) return (Guid?)null;
            host.Attach(id);
            db.Add(new HostPolicyChanged(host.Id, host.Name, id, "attached", call.Caller.Name) { TenantId = host.TenantId, OccurredAt = time.GetUtcNow() });
            return (Guid?)null;
        }

        private async Task<Result<Pool>> PoolAsync(Guid id, CancellationToken ct)
        {
            try
            {
                return await Remote.AskAsync("The storage service", () => pools.GetPoolAsync(new GetPoolRequest { PoolId = id.ToString() }, cancellationToken: ct).ResponseAsync, ct);
            }
            catch (TransientFault)
            {
                return CommonErrors.Unavailable;
            }
        }
    }
}
