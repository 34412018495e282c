using HyperBdr.Contracts.Errors;
using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Routes;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway.Limits;

/// <summary>Refuses too large bodies: by their announced length at once, unannounced ones while they arrive.</summary>
internal sealed class BodyLimit(RequestDelegate next, IOptions<GatewayOptions> options)
{
    public Task InvokeAsync(HttpContext http)
    {
        var kind = RouteTable.KindOf(http);
        if (kind is RouteKind.Grpc or RouteKind.AgentGrpc or RouteKind.EnrolGrpc)
        {
            if (!Refusals.IsGrpc(http.Request)) return Refusals.WriteAsync(http, Refusals.WrongContent, StatusCodes.Status415UnsupportedMediaType);
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
            return next(http);
        }

        // The proxy lifts the body limit for gRPC content: elsewhere such content would slip past it.
        if (kind != RouteKind.None && Refusals.IsGrpc(http.Request)) return RefuseContentAsync(http);
        return http.Request.ContentLength > options.Value.Limits.BodyBytes ? Refusals.WriteAsync(http, CommonErrors.TooLarge, StatusCodes.Status413PayloadTooLarge) : next(http);
    }

    private static Task RefuseContentAsync(HttpContext http)
    {
        http.Request.ContentType = null;
        return Refusals.WriteAsync(http, Refusals.WrongContent, StatusCodes.Status415UnsupportedMediaType);
    }
}
