using System.Security.Cryptography;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Gateway.Answers;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway.Callers;

/// <summary>Calls signed with an access key: identity gets what was signed, in exactly the form that arrived.</summary>
internal sealed class SignedCalls(Principals principals, IOptions<GatewayOptions> options)
{
    /// <returns>Null when the signature is not acceptable.</returns>
    public async Task<Principal?> VerifyAsync(HttpContext http, Credentials credentials)
    {
        // A stream has no end to hash before it is forwarded: tools use a token for gRPC.
        if (Refusals.IsGrpc(http.Request)) return null;
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return await principals.VerifyAsync(new VerifySignatureRequest
        {
            AccessKey = credentials.Secret,
            TimestampUnixS = credentials.TimestampUnixSeconds,
            Nonce = credentials.Nonce,
            SignatureHex = credentials.SignatureHex,
            Method = http.Request.Method,
            Path = question < 0 ? target : target[..question],
            SortedQuery = question < 0 ? "" : Sorted(target[(question + 1)..]),
            BodySha256Hex = await HashAsync(http),
        }, http.RequestAborted);
    }

    /// <summary>Pairs as they were sent, by name and then value, both by code point.</summary>
    private static string Sorted(string query) => string.Join('&', query.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .OrderBy(p => p[0], StringComparer.Ordinal).ThenBy(p => p.Length > 1 ? p[1] : "", StringComparer.Ordinal)
        .Select(p => string.Join('=', p)));

    /// <summary>Reads the body, at most as large as the body limit allows, and leaves it to be read again.</summary>
    private async Task<string> HashAsync(HttpContext http)
    {
        http.Request.EnableBuffering((int)options.Value.Limits.BodyBytes);
        var hash = await SHA256.HashDataAsync(http.Request.Body, http.RequestAborted);
        http.Request.Body.Position = 0;
        return Convert.ToHexStringLower(hash);
    }
}
