using System.ComponentModel.DataAnnotations;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans.Deregistrations;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Gives up the protection of hosts, each by a task. Until its points go, an abort of the task takes it back. The host's record stays.</summary>
internal static class Deregister
{
    public static readonly Error NotConfirmed = new(ErrorKind.Validation, "ant.host.not_confirmed", "Confirm both: that the hosts are no longer protected, and that their recovery points will be deleted.");

    /// <param name="ConfirmUnprotected">The first of the two ticks: nothing is synchronised any more.</param>
    /// <param name="ConfirmPointsDeleted">The second: recovery points are deleted. Not needed with <paramref name="KeepPoints"/>.</param>
    /// <param name="Force">Also hosts that are offline, and points that cannot be reached now.</param>
    /// <param name="KeepPoints">The recovery points stay until somebody deletes them.</param>
    public sealed record Request([property: Required, MinLength(1), MaxLength(Bulk.Most)] IReadOnlyList<Guid> Ids, bool ConfirmUnprotected, bool ConfirmPointsDeleted, bool Force, bool KeepPoints);

    public static void Map(RouteGroupBuilder hosts) =>
        hosts.MapPost("/deregister", async (Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp(r => TypedResults.Accepted((string?)null, r)))
            .WithName("ant.hosts.deregister").Produces<BulkResponse>(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.HostsWrite);

    internal sealed class Handler(AntDb db, Bulk bulk, DeregisterOptions options, CallContext call, TimeProvider time)
    {
        public async Task<Result<BulkResponse>> HandleAsync(Request body, CancellationToken ct)
        {
            if (!body.ConfirmUnprotected || !(body.ConfirmPointsDeleted || body.KeepPoints)) return NotConfirmed;
            var ask = new DeregisterAsk(body.KeepPoints, body.Force, call.Caller.Name, options.Grace);
            return await bulk.RunAsync(
                body.Ids,
                host => Task.FromResult(host.CannotDeregister(body.Force) is { } error ? error : (Result<Guid?>)(Guid?)DeregisterPlan.Begin(db, host, ask, time.GetUtcNow()).Id),
                startsSyncs: false, ct);
        }
    }
}
