using System.Net;
using HyperBdr.ServiceDefaults.Calls;

namespace HyperBdr.Gateway.Callers;

/// <summary>Who calls, as far as it is proven.</summary>
/// <param name="Caller">Goes into the internal token.</param>
/// <param name="Credentials">What proved it; <see cref="Credentials.None"/> for nobody.</param>
/// <param name="CsrfToken">What a browser must send with changes; empty for other callers.</param>
/// <param name="LimitKey">Names the caller for its rate limit; null for nobody, whose address counts.</param>
internal sealed record KnownCaller(Caller Caller, Credentials Credentials, string CsrfToken, string? LimitKey)
{
    public AgentCertificate? Agent { get; init; }

    public bool IsNobody => LimitKey is null;

    public static KnownCaller Nobody(HttpContext http) => new(Caller.Anonymous with { SourceIp = AddressOf(http) }, Credentials.None, "", null);

    /// <summary>The peer's address; IPv4 in its own form also on a dual-stack socket.</summary>
    public static string AddressOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}

/// <summary>The verified client certificate of an agent.</summary>
/// <param name="Name">Common name of the subject.</param>
/// <param name="Serial">Serial number, hexadecimal.</param>
/// <param name="Thumbprint">SHA-256 of the certificate, hexadecimal.</param>
internal sealed record AgentCertificate(string Name, string Serial, string Thumbprint);
