using HyperBdr.Ant.Domain.Hosts;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Persistence;

/// <summary>The only ways to change a host that exists.</summary>
/// <remarks>Locks are taken in one order everywhere: tenant, policy, task, host, hosts among each other by id. So two changes never wait for each other in a circle.</remarks>
internal sealed class HostRows(AntDb db)
{
    /// <summary>Whoever starts syncs of a tenant does so alone: their number is counted and limited. Until the transaction's end.</summary>
    public Task LockTenantAsync(Guid tenantId, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({tenantId.ToString()}, 4))", ct);

    /// <summary>The newest state of a host of the caller's tenant, locked until the transaction's end; null when there is none.</summary>
    public async Task<ProtectedHost?> LockAsync(Guid id, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"select id from hosts where id = {id} for update", ct);
        var host = await db.Hosts.SingleOrDefaultAsync(h => h.Id == id, ct);
        if (host is not null && db.Entry(host) is { State: EntityState.Unchanged } known) await known.ReloadAsync(ct);
        return host;
    }

    /// <summary>All configured hosts of a policy, locked.</summary>
    public async Task<List<ProtectedHost>> LockOfPolicyAsync(Guid policyId, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"select id from hosts where policy_id = {policyId} order by id for update", ct);
        return await db.Hosts.Where(h => h.PolicyId == policyId && h.Stage == HostStage.StartDr).OrderBy(h => h.Id).ToListAsync(ct);
    }
}
