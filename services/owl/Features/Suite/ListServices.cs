using HyperBdr.Contracts.Control;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Owl.Features.Suite;

/// <summary>Every process of the suite with its state.</summary>
internal static class ListServices
{
    public sealed record Response(bool Healthy, DateTimeOffset StartedAt, IReadOnlyList<ServiceStatus> Items);

    public static void Map(RouteGroupBuilder suite) =>
        suite.MapGet("/services", async (ControlSocket control, CancellationToken ct) =>
                (await control.StatusAsync(ct)).ToHttp(s => TypedResults.Ok(new Response(s.Healthy, s.StartedAt, s.Services))))
            .WithName("owl.suite.services")
            .Produces<Response>()
            .RequirePermission(Permissions.SuiteRead);
}
