using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Routes;

namespace HyperBdr.Gateway.Tls;

/// <summary>Holds each call to the name of its connection: agents' routes only on the agents' name, nothing else there, and never another name's host.</summary>
internal sealed class ServerNameRules(RequestDelegate next, ServerNamePolicy policy)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (Surface.Of(http) is null) return next(http);
        var onAgents = http.Features.Get<TlsName>() is { IsAgents: true };
        var asksAgents = string.Equals(http.Request.Host.Host.TrimEnd('.'), policy.AgentServerName, StringComparison.OrdinalIgnoreCase);

        // A browser may reuse one connection for every name in the certificate (RFC 9113, 9.1.1): 421 makes it open another.
        if (onAgents != asksAgents) return Refusals.WriteAsync(http, Refusals.WrongServerName, StatusCodes.Status421MisdirectedRequest);
        var agentRoute = RouteTable.IsAgentPath(http.Request.Path);
        if (agentRoute && (!onAgents || http.Connection.ClientCertificate is null)) return Refusals.WriteAsync(http, Refusals.NoClientCertificate);
        if (onAgents && !agentRoute) return Refusals.WriteAsync(http, Refusals.AgentsOnly);
        return next(http);
    }
}
