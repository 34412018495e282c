using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Porter.Features.Gateways;

/// <summary>Where sync gateways connect. A gateway proves itself by its certificate; none can be enrolled in this version, so each is refused.</summary>
internal static class Duplex
{
    public static readonly Error NotEnrolled = new(ErrorKind.Unauthenticated, "porter.gateway.not_enrolled", "This sync gateway is not enrolled here; enrol it first.");

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet("/duplex/gateway/v1", () => NotEnrolled.ToHttp())
            .WithName("porter.gateway.connect")
            .ExcludeFromDescription()
            .AllowAnybody();
}
