using System.Net.Http.Headers;
using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Callers;
using HyperBdr.Gateway.Tls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace HyperBdr.Gateway.Routes;

/// <summary>What a service is told about the caller: the internal token and the gateway's own headers. The caller's were removed before routing.</summary>
internal sealed class UpstreamHeaders(InternalTokens tokens, ServerNamePolicy names) : ITransformProvider
{
    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    public void Apply(TransformBuilderContext context)
    {
        var service = Clusters.ServiceOf(context.Route.ClusterId!);
        context.UseDefaultForwarders = false;
        context.AddRequestTransform(transform =>
        {
            Set(transform.HttpContext, transform.ProxyRequest.Headers, service);
            return ValueTask.CompletedTask;
        });
        context.AddResponseTransform(transform =>
        {
            // Only identity knows sessions; a cookie from anywhere else would be a fault or an attack.
            if (service is not "identity") transform.HttpContext.Response.Headers.Remove("Set-Cookie");
            return ValueTask.CompletedTask;
        });
    }

    private void Set(HttpContext http, HttpRequestHeaders headers, string service)
    {
        var known = http.Features.GetRequiredFeature<KnownCaller>();
        headers.Authorization = new AuthenticationHeaderValue("Bearer", tokens.Mint("gateway", service, known.Caller));
        headers.TryAddWithoutValidation("X-HyperBdr-Surface", Surface.Of(http)!.Name);
        headers.TryAddWithoutValidation(SecurityHeaders.RequestId, http.TraceIdentifier);
        if (service is "porter")
        {
            // Install commands and enrolments name the console as the caller reached it.
            headers.TryAddWithoutValidation("X-HyperBdr-Host", http.Request.Host.Value);
            headers.TryAddWithoutValidation("X-HyperBdr-Agent-Server-Name", names.AgentServerName);
        }

        if (service is "identity" && known.Credentials is { Kind: CredentialKind.Session } session)
            headers.TryAddWithoutValidation("Cookie", $"{Surface.Of(http)!.SessionCookie}={session.Secret}");
        if (known.Agent is not { } agent) return;
        headers.TryAddWithoutValidation("X-HyperBdr-Agent-Name", agent.Name);
        headers.TryAddWithoutValidation("X-HyperBdr-Agent-Serial", agent.Serial);
        headers.TryAddWithoutValidation("X-HyperBdr-Agent-Thumbprint", agent.Thumbprint);
    }
}
