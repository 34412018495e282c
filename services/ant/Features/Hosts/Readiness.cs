using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Features.Licences;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Whether a host could be synchronised now and recovered from what is there, each finding with its evidence and age.</summary>
internal static class Readiness
{
    public static void Map(RouteGroupBuilder hosts) =>
        hosts.MapGet("/{id:guid}/readiness", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp())
            .WithName("ant.hosts.readiness").Produces<ReadinessView>().ProducesProblem(404).RequirePermission(Permissions.HostsRead);

    internal sealed class Handler(AntDb db, LicenceUnits units, Machines.MachinesClient machines, Pools.PoolsClient pools, RecoveryPoints.RecoveryPointsClient points, TimeProvider time)
    {
        public async Task<Result<ReadinessView>> HandleAsync(Guid id, CancellationToken ct)
        {
            if (await db.Hosts.AsNoTracking().SingleOrDefaultAsync(h => h.Id == id, ct) is not { } host) return ProtectedHost.NotFound;
            var policy = host.PolicyId is { } p ? await db.Policies.AsNoTracking().SingleOrDefaultAsync(x => x.Id == p, ct) : null;
            var deadline = time.GetUtcNow().AddSeconds(5).UtcDateTime;
            var machine = TryAsync(() => machines.GetMachineAsync(new GetMachineRequest { MachineId = id.ToString() }, cancellationToken: ct, deadline: deadline).ResponseAsync, ct);
            var pool = host.PoolId is { } place ? TryAsync(() => pools.GetPoolAsync(new GetPoolRequest { PoolId = place.ToString() }, cancellationToken: ct, deadline: deadline).ResponseAsync, ct) : Task.FromResult<Result<Pool>?>(null);
            var last = TryAsync(() => points.ListPointsAsync(new ListPointsRequest { HostId = id.ToString(), Page = 1, PageSize = 20 }, cancellationToken: ct, deadline: deadline).ResponseAsync, ct);
            await Task.WhenAll(machine, pool, last);
            var findings = new ReadinessRules(host, policy, await units.LookAsync(id, ct), time.GetUtcNow()).Judge(await machine, await pool, await last);
            return new ReadinessView(id, Worst(findings), time.GetUtcNow(), findings);
        }

        /// <returns>Null when nobody answered.</returns>
        private static async Task<Result<T>?> TryAsync<T>(Func<Task<T>> call, CancellationToken ct)
        {
            try
            {
                return await Remote.AskAsync("", call, ct);
            }
            catch (TransientFault)
            {
                return null;
            }
        }

        private static Verdict Worst(List<Finding> findings) => findings.Count == 0 ? Verdict.Ready : findings.Max(f => f.State);
    }
}

/// <summary>From best to worst.</summary>
public enum Verdict
{
    Ready,
    Warning,
    Unknown,
    Blocked,
}

/// <param name="State">The worst of the findings.</param>
public sealed record ReadinessView(Guid HostId, Verdict State, DateTimeOffset At, IReadOnlyList<Finding> Findings);

/// <summary>One thing that was looked at.</summary>
/// <param name="Code">Stable, e.g. <c>agent_online</c>.</param>
/// <param name="Message">What it means, for people.</param>
/// <param name="Evidence">What was seen.</param>
/// <param name="AgeS">How old the evidence is.</param>
public sealed record Finding(string Code, Verdict State, string Message, string Evidence, long AgeS);
