using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Chooses hosts for protection: they go from <c>select_host</c> to <c>setup_dr</c>.</summary>
internal static class Register
{
    public static void Map(RouteGroupBuilder hosts) =>
        hosts.MapPost("/register", async (HostIds body, Bulk bulk, CancellationToken ct) =>
                (await bulk.RunAsync(body.Ids, host => Task.FromResult(host.Register() is { } error ? error : (Result<Guid?>)(Guid?)null), startsSyncs: false, ct)).ToHttp())
            .WithName("ant.hosts.register").Produces<BulkResponse>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.HostsWrite);
}
