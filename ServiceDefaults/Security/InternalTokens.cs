using System.Globalization;
using System.Security.Claims;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace HyperBdr.ServiceDefaults.Security;

/// <summary>Short-lived signed tokens between the processes of the suite: who calls, for whom, to which service.</summary>
/// <remarks>JWT, HS256 over the key <c>internal-token</c> of this installation, 60 s, one audience. Services accept nothing else.</remarks>
public sealed class InternalTokens(SecretFiles files, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);
    private readonly SymmetricSecurityKey key = new(files.Key("internal-token", 64));
    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <param name="issuer">The calling process.</param>
    /// <param name="audience">The service that may accept it.</param>
    public string Mint(string issuer, string audience, Caller caller)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["name"] = caller.Name,
            ["tenant"] = caller.TenantId.ToString(),
            ["role"] = caller.Role,
            ["kind"] = caller.Kind,
        };
        if (caller.UserId is { } user) claims["sub"] = user.ToString();
        if (caller.SourceIp is { } ip) claims["ip"] = ip;
        if (caller.SessionId is { } session) claims["sid"] = session;
        if (caller.Pending.Length > 0) claims["pending"] = caller.Pending;
        return handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            IssuedAt = now,
            NotBefore = now.AddSeconds(-5),
            Expires = now + Lifetime,
            Claims = claims,
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256),
        });
    }

    internal TokenValidationParameters Validation(string audience) => new()
    {
        IssuerSigningKey = key,
        ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        ValidAudience = audience,
        ValidateIssuer = false,
        ClockSkew = TimeSpan.FromSeconds(5),
        NameClaimType = "name",
        RoleClaimType = "role",
        LifetimeValidator = (from, until, _, p) => from is { } f && until is { } u && time.GetUtcNow().UtcDateTime is var now && f <= now + p.ClockSkew && now <= u + p.ClockSkew,
    };

    internal static Caller CallerOf(ClaimsPrincipal user, string? peer) => new(
        Guid.TryParse(user.FindFirstValue("sub"), CultureInfo.InvariantCulture, out var id) ? id : null,
        user.FindFirstValue("name") ?? "unknown",
        Guid.TryParse(user.FindFirstValue("tenant"), CultureInfo.InvariantCulture, out var tenant) ? tenant : Tenants.Platform,
        user.FindFirstValue("role") ?? "",
        user.FindFirstValue("kind") ?? "anonymous",
        user.FindFirstValue("ip") ?? peer,
        user.FindFirstValue("sid"),
        user.FindFirstValue("pending") ?? "");
}
