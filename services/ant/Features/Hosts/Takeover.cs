using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Says that another machine, started from a recovery point, carries a host's business, and that it does so no longer. Meanwhile schedules leave the host alone.</summary>
internal static class Takeover
{
    public static void Map(RouteGroupBuilder hosts)
    {
        hosts.MapPost("/takeover", async (HostIds body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, active: true, ct)).ToHttp())
            .WithName("ant.hosts.takeover").Produces<BulkResponse>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.TasksRun);
        hosts.MapPost("/release-takeover", async (HostIds body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, active: false, ct)).ToHttp())
            .WithName("ant.hosts.release_takeover").Produces<BulkResponse>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.TasksRun);
    }

    internal sealed class Handler(AntDb db, Bulk bulk, CallContext call, TimeProvider time)
    {
        public Task<Result<BulkResponse>> HandleAsync(HostIds body, bool active, CancellationToken ct) =>
            bulk.RunAsync(body.Ids, host => Task.FromResult(Change(host, active)), startsSyncs: false, ct);

        private Result<Guid?> Change(ProtectedHost host, bool active)
        {
            var now = time.GetUtcNow();
            if ((active ? host.TakeOver(now) : host.ReleaseTakeover()) is { } error) return error;
            db.Add(new HostTakeoverChanged(host.Id, host.Name, active, call.Caller.Name) { TenantId = host.TenantId, OccurredAt = now });
            return (Guid?)null;
        }
    }
}
