using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Owl.Features.Suite;

/// <summary>Ends a service and starts it again; the grid shows how it goes.</summary>
internal static class RestartService
{
    public static void Map(RouteGroupBuilder suite) =>
        suite.MapPost("/services/{name}/restart", async (string name, ControlSocket control, CallContext call, CancellationToken ct) =>
            {
                call.Record?.Concerns("service", null, name);
                return (await control.RestartAsync(name, ct)).ToHttp(_ => TypedResults.Accepted("/api/v1/owl/suite/services"));
            })
            .WithName("owl.suite.restart")
            .Produces(StatusCodes.Status202Accepted)
            .RequirePermission(Permissions.SuiteManage);
}
