using System.ComponentModel.DataAnnotations;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Gives up the protection of hosts. Their records stay; the storage service hears of it and decides about their points.</summary>
internal static class Deregister
{
    public static readonly Error NotConfirmed = new(ErrorKind.Validation, "ant.host.not_confirmed", "Confirm both: that the hosts are no longer protected, and that their recovery points will be deleted.");

    /// <param name="ConfirmUnprotected">The first of the two ticks: nothing is synchronised any more.</param>
    /// <param name="ConfirmPointsDeleted">The second: recovery points are deleted.</param>
    /// <param name="Force">Also hosts that are offline.</param>
    public sealed record Request([property: Required, MinLength(1), MaxLength(Bulk.Most)] IReadOnlyList<Guid> Ids, bool ConfirmUnprotected, bool ConfirmPointsDeleted, bool Force);

    public static void Map(RouteGroupBuilder hosts) =>
        hosts.MapPost("/deregister", async (Request body, Bulk bulk, CancellationToken ct) => (await HandleAsync(body, bulk, ct)).ToHttp())
            .WithName("ant.hosts.deregister").Produces<BulkResponse>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.HostsWrite);

    private static async Task<Result<BulkResponse>> HandleAsync(Request body, Bulk bulk, CancellationToken ct) =>
        !body.ConfirmUnprotected || !body.ConfirmPointsDeleted ? NotConfirmed
            : await bulk.RunAsync(body.Ids, host => Task.FromResult(host.Deregister(body.Force) is { } error ? error : (Result<Guid?>)(Guid?)null), startsSyncs: false, ct);
}
