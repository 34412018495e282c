using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Limits;
using HyperBdr.Gateway.Routes;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.AspNetCore.Http.Features;

namespace HyperBdr.Gateway.Callers;

/// <summary>Finds out who calls. Wrong credentials are refused here, before anything can happen; nobody at all is left to the services.</summary>
internal sealed partial class CallerResolution(RequestDelegate next, Principals principals, SignedCalls signatures, AddressBudget addresses, ILogger<CallerResolution> log)
{
    private const string Organization = "2.5.4.10";

    public async Task InvokeAsync(HttpContext http)
    {
        var kind = RouteTable.KindOf(http);
        if (kind == RouteKind.None)
        {
            await next(http);
            return;
        }

        KnownCaller? caller;
        try
        {
            caller = await IdentifyAsync(http, kind);
        }
        catch (IdentityUnavailableException e)
        {
            NotAsked(log, http.Request.Path, (e.InnerException as Grpc.Core.RpcException)?.Status.Detail ?? e.Message);
            await Refusals.WriteAsync(http, CommonErrors.Unavailable, StatusCodes.Status503ServiceUnavailable, 2);
            return;
        }

        if (caller is null)
        {
            addresses.CountFailure(KnownCaller.AddressOf(http));
            await Refusals.WriteAsync(http, CommonErrors.Unauthenticated);
            return;
        }

        if (kind == RouteKind.Document && (caller.IsNobody || caller.Caller.Pending.Length > 0))
        {
            await Refusals.WriteAsync(http, CommonErrors.Unauthenticated);
            return;
        }

        http.Features.Set(caller);
        await ForwardAsync(http, caller);
    }

    /// <summary>A change at identity may be one of the caller's own session: what is known of it is forgotten before and after.</summary>
    private async Task ForwardAsync(HttpContext http, KnownCaller caller)
    {
        var changes = caller.Credentials.Kind is CredentialKind.Session or CredentialKind.ApiToken && !CrossSiteRules.IsReading(http.Request.Method) && RouteTable.IsIdentity(http);
        if (!changes)
        {
            await next(http);
            return;
        }

        var surface = Surface.Of(http)!;
        principals.Forget(caller.Credentials, surface);
        try
        {
            await next(http);
        }
        finally
        {
            principals.Forget(caller.Credentials, surface);
        }
    }

    /// <returns>Null when credentials were shown that are nobody's.</returns>
    private async Task<KnownCaller?> IdentifyAsync(HttpContext http, RouteKind kind)
    {
        if (kind is RouteKind.AgentGrpc or RouteKind.AgentSocket) return AgentOf(http);
        if (kind is RouteKind.EnrolGrpc) return KnownCaller.Nobody(http);
        var surface = Surface.Of(http)!;
        var credentials = http.Features.GetRequiredFeature<Credentials>();

        // The O&M portal is for people: no keys, no tokens.
        var fits = !credentials.IsMalformed && (surface == Surface.Console || credentials.Kind is CredentialKind.Session or CredentialKind.None);
        var principal = (fits, credentials.Kind) switch
        {
            // A signature proves one call, not an open socket.
            (_, CredentialKind.AccessKey) when kind == RouteKind.Hub => null,
            (false, _) or (_, CredentialKind.None) => null,
            (_, CredentialKind.AccessKey) => await signatures.VerifyAsync(http, credentials),
            _ => await principals.ResolveAsync(credentials, surface, http.RequestAborted),
        };
        if (principal is not null) return Known(http, credentials, principal);

        // A browser sends its old cookie to every page, and signing in must work with whatever is left of the last time.
        if (credentials.Kind is CredentialKind.Session) addresses.CountFailure(KnownCaller.AddressOf(http));
        return credentials.Kind is CredentialKind.None or CredentialKind.Session || kind == RouteKind.SignIn ? KnownCaller.Nobody(http) : null;
    }

    private static KnownCaller Known(HttpContext http, Credentials credentials, Principal principal)
    {
        var caller = new Caller(
            Guid.Parse(principal.UserId, CultureInfo.InvariantCulture), principal.UserName, Guid.Parse(principal.TenantId, CultureInfo.InvariantCulture), principal.Role,
            principal.Kind, KnownCaller.AddressOf(http), principal.SessionId.Length > 0 ? principal.SessionId : null, principal.Pending);
        var name = credentials.Kind == CredentialKind.AccessKey ? $"key/{credentials.Secret}" : $"{principal.Kind}/{principal.SessionId}";
        return new KnownCaller(caller, credentials, credentials.Kind == CredentialKind.Session ? principal.CsrfToken : "", $"caller/{name}");
    }

    /// <summary>The certificate was verified by the handshake; <see cref="Tls.ServerNameRules"/> let only such connections come here.</summary>
    /// <returns>Null when it names no machine of a tenant.</returns>
    private static KnownCaller? AgentOf(HttpContext http)
    {
        var certificate = http.Connection.ClientCertificate ?? throw new InvalidOperationException("An agent's call without a certificate passed the rules.");
        var thumbprint = Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));
        var agent = new AgentCertificate(NameOf(certificate), certificate.SerialNumber, thumbprint);
        if (!Guid.TryParse(TenantOf(certificate), CultureInfo.InvariantCulture, out var tenant)) return null;
        var caller = new Caller(null, agent.Name, tenant, "", "machine", KnownCaller.AddressOf(http), thumbprint);
        return new KnownCaller(caller, Credentials.None, "", $"agent/{thumbprint}") { Agent = agent };
    }

    private static string NameOf(X509Certificate2 certificate)
    {
        var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        return new string([.. name.Where(c => c is > ' ' and <= '~').Take(256)]);
    }

    /// <summary>The organization of the subject: porter, which signs the certificates, puts the tenant there.</summary>
    private static string? TenantOf(X509Certificate2 certificate) =>
        certificate.SubjectName.EnumerateRelativeDistinguishedNames().Where(n => !n.HasMultipleElements && n.GetSingleElementType().Value == Organization).Select(n => n.GetSingleElementValue()).FirstOrDefault();

    [LoggerMessage(EventId = 7201, Level = LogLevel.Warning, Message = "Refused {Path}: identity could not be asked ({Reason})")]
    private static partial void NotAsked(ILogger log, string path, string reason);
}
