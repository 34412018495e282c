using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

/// <summary>Reads the token that an upstream got, after checking its signature and audience as a service does.</summary>
internal static class InternalToken
{
    public static Dictionary<string, string> Read(GatewayUnderTest gateway, Seen seen, string audience) => Read(gateway, seen.Headers["authorization"], audience);

    public static Dictionary<string, string> Read(GatewayUnderTest gateway, string authorization, string audience)
    {
        var jwt = authorization["Bearer ".Length..];
        var result = new JsonWebTokenHandler().ValidateTokenAsync(jwt, new TokenValidationParameters
        {
            IssuerSigningKey = new SymmetricSecurityKey(File.ReadAllBytes(Path.Combine(gateway.Home, "secrets", "internal-token.key"))),
            ValidIssuer = "gateway",
            ValidAudience = audience,
        }).GetAwaiter().GetResult();
        result.IsValid.ShouldBeTrue(result.Exception?.Message);
        return result.Claims.ToDictionary(c => c.Key, c => c.Value.ToString()!, StringComparer.Ordinal);
    }
}
