using System.Collections.Frozen;
using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace HyperBdr.Gateway.Callers;

internal enum CredentialKind
{
    None,
    /// <summary>Cookie of a browser.</summary>
    Session,
    /// <summary><c>X-Auth-Token</c> or <c>Authorization: Bearer</c>.</summary>
    ApiToken,
    /// <summary>A call signed with an access key.</summary>
    AccessKey,
}

/// <summary>What the caller shows to be known, taken out of the request so that nothing behind can see or mistake it.</summary>
/// <param name="Kind">The strongest one shown: a signature, else a token, else the cookie.</param>
/// <param name="Secret">Cookie or token; for a signature the access key's name.</param>
internal sealed record Credentials(CredentialKind Kind, string Secret)
{
    public static readonly Credentials None = new(CredentialKind.None, "");

    /// <summary>Far above what identity hands out.</summary>
    private const int LongestSecret = 4096;

    private static readonly FrozenSet<string> Own = new[]
    {
        HeaderNames.Authorization, HeaderNames.Cookie, "X-Auth-Token", "X-CSRF-Token", "X-AK", "X-TS", "X-Nonce", "X-SIGN", "X-Request-Id", "X-Real-IP",
        "X-Original-Host", "X-Original-For", "X-Original-Proto", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
        "Forwarded", "Via", "Proxy-Authorization", "Baggage", "Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-SSL-Client-Cert",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] OwnPrefixes = ["X-HyperBdr-", "X-Forwarded-", "X_", "HTTP_"];

    public long TimestampUnixSeconds { get; private init; }

    public string Nonce { get; private init; } = "";

    public string SignatureHex { get; private init; } = "";

    /// <summary>The caller's <c>X-CSRF-Token</c>, empty when absent.</summary>
    public string CsrfToken { get; private init; } = "";

    /// <summary>The parts of a shown credential do not fit together: it cannot be anybody's.</summary>
    public bool IsMalformed { get; private init; }

    /// <summary>Reads the credentials and removes every header that only the gateway may set.</summary>
    public static Credentials Take(HttpRequest request, Surface surface)
    {
        var headers = request.Headers;
        var credentials = Read(request, surface) with { CsrfToken = headers["X-CSRF-Token"].ToString() };
        foreach (var name in headers.Keys.Where(IsOwn).ToList()) headers.Remove(name);
        return credentials;
    }

    private static bool IsOwn(string name) => Own.Contains(name) || Array.Exists(OwnPrefixes, p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase));

    private static Credentials Read(HttpRequest request, Surface surface)
    {
        var headers = request.Headers;
        if (headers.TryGetValue("X-AK", out var key))
        {
            var known = long.TryParse(headers["X-TS"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds);
            var (nonce, signature) = (headers["X-Nonce"].ToString(), headers["X-SIGN"].ToString());
            return new(CredentialKind.AccessKey, key.ToString())
            {
                TimestampUnixSeconds = seconds,
                Nonce = nonce,
                SignatureHex = signature,
                IsMalformed = !known || key.ToString() is { Length: 0 or > 256 } || nonce is { Length: 0 or > 256 } || signature is { Length: 0 or > 256 },
            };
        }

        if (headers.TryGetValue("X-Auth-Token", out var token)) return Token(token.ToString());
        if (headers.TryGetValue(HeaderNames.Authorization, out var authorization))
        {
            const string scheme = "Bearer ";
            var text = authorization.ToString();
            return text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? Token(text[scheme.Length..].Trim()) : Token("");
        }

        return request.Cookies[surface.SessionCookie] is { Length: > 0 } cookie
            ? new(CredentialKind.Session, cookie) { IsMalformed = !IsPlain(cookie) }
            : None;
    }

    private static Credentials Token(string token) => new(CredentialKind.ApiToken, token) { IsMalformed = !IsPlain(token) };

    /// <summary>Visible ASCII without separators of headers: safe to hand on.</summary>
    private static bool IsPlain(string secret) => secret.Length is > 0 and <= LongestSecret && secret.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0 && !secret.Contains(';', StringComparison.Ordinal) && !secret.Contains(',', StringComparison.Ordinal);
}
