using System.Security.Cryptography;
using System.Text;
using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Routes;
using Microsoft.AspNetCore.Http.Features;

namespace HyperBdr.Gateway.Callers;

/// <summary>Refuses what a page of another site could make a browser do: changes without the session's CSRF token, sockets and changes from a foreign origin.</summary>
internal sealed class CrossSiteRules(RequestDelegate next)
{
    public static bool IsReading(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    public Task InvokeAsync(HttpContext http)
    {
        if (http.Features.Get<KnownCaller>() is not { } known || known.Caller.IsMachine) return next(http);
        var socket = HttpMethods.IsConnect(http.Request.Method) || (HttpMethods.IsGet(http.Request.Method) && http.Request.Headers.Upgrade.Count > 0);
        if (!socket && IsReading(http.Request.Method)) return next(http);

        var browser = known.Credentials.Kind is CredentialKind.Session or CredentialKind.None;
        var origin = http.Request.Headers.Origin.ToString();
        var own = string.Equals(origin, $"https://{http.Request.Host.Value}", StringComparison.OrdinalIgnoreCase);

        // Programs send no origin; browsers always do with a socket.
        if ((origin.Length > 0 && !own) || (socket && browser && !own)) return Refusals.WriteAsync(http, Refusals.ForeignOrigin);

        // A script cannot add headers to a socket, and SignalR's negotiation changes nothing: their proof is the origin.
        if (socket || (own && RouteTable.KindOf(http) == RouteKind.Hub)) return next(http);
        if (known.Credentials.Kind is CredentialKind.Session && !IsSessionsToken(http, known)) return Refusals.WriteAsync(http, Refusals.NoCsrfToken);
        return next(http);
    }

    private static bool IsSessionsToken(HttpContext http, KnownCaller known)
    {
        var sent = http.Features.GetRequiredFeature<Credentials>().CsrfToken;
        return known.CsrfToken.Length > 0 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(known.CsrfToken));
    }
}
