using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Compat;

/// <summary>What a sign-in over the older programming interfaces gives.</summary>
/// <param name="Token">Goes into the header <c>X-Auth-Token</c>; 24 hours.</param>
/// <param name="RefreshToken">Renews once, within seven days.</param>
/// <param name="Roles">The role, as text.</param>
public sealed record IssuedTokens(string Token, string RefreshToken, string Roles);

/// <summary>Issues, renews and ends bearer tokens.</summary>
internal sealed class ApiTokens(IdentityDb db, CallContext call, TimeProvider time)
{
    public static readonly Error Expired = new(ErrorKind.Unauthenticated, "identity.token.expired", "The token is not valid any more; sign in again.");

    /// <summary>Tokens for somebody who proved to be this user.</summary>
    public async Task<IssuedTokens> IssueAsync(User user, CancellationToken ct)
    {
        call.Record?.Concerns("user", user.Id, user.Username);
        var issued = Add(user, Guid.CreateVersion7());
        await db.SaveChangesAsync(ct);
        return issued;
    }

    /// <summary>New tokens for a renewing one. A second use of it means that two hold it: nobody keeps anything.</summary>
    public async Task<Result<IssuedTokens>> RenewAsync(string refreshToken, CancellationToken ct)
    {
        var hash = Tokens.HashOf(refreshToken);
        var now = time.GetUtcNow();
        if (await db.ApiTokens.IgnoreQueryFilters().SingleOrDefaultAsync(t => t.Hash == hash && t.Renews, ct) is not { } token) return Expired;
        var user = await db.Users.IgnoreQueryFilters().Include(u => u.Tenant).SingleAsync(u => u.Id == token.UserId, ct);
        call.Record?.By(new Caller(user.Id, user.Username, user.TenantId, user.Role, "api_token"));
        call.Record?.Concerns("user", user.Id, user.Username);
        if (token.Revoked || token.ExpiresAt <= now || token.Epoch != user.Epoch || !user.Enabled || !user.Tenant.Enabled) return Expired;
        // One statement decides who was first.
        var first = await db.ApiTokens.IgnoreQueryFilters().Where(t => t.Id == token.Id && t.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.UsedAt, now), ct) == 1;
        if (!first)
        {
            await RevokeAsync(token.Family, ct);
            return Expired;
        }

        var issued = Add(user, token.Family);
        await db.SaveChangesAsync(ct);
        return issued;
    }

    /// <summary>Ends the token of that id and all of the same sign-in.</summary>
    public async Task EndAsync(Guid tokenId, CancellationToken ct)
    {
        var family = await db.ApiTokens.IgnoreQueryFilters().Where(t => t.Id == tokenId).Select(t => (Guid?)t.Family).SingleOrDefaultAsync(ct);
        if (family is { } known) await RevokeAsync(known, ct);
    }

    private Task<int> RevokeAsync(Guid family, CancellationToken ct) =>
        db.ApiTokens.IgnoreQueryFilters().Where(t => t.Family == family).ExecuteUpdateAsync(set => set.SetProperty(t => t.Revoked, true), ct);

    private IssuedTokens Add(User user, Guid family)
    {
        var (token, refresh) = (Tokens.New(), Tokens.New());
        db.ApiTokens.AddRange(Row(user, family, token, renews: false), Row(user, family, refresh, renews: true));
        return new IssuedTokens(token, refresh, user.Role);
    }

    private ApiToken Row(User user, Guid family, string secret, bool renews) => new()
    {
        Id = Guid.CreateVersion7(), TenantId = user.TenantId, UserId = user.Id, Family = family, Renews = renews, Hash = Tokens.HashOf(secret), Epoch = user.Epoch,
        ExpiresAt = time.GetUtcNow() + (renews ? ApiToken.RefreshLifetime : ApiToken.Lifetime),
    };
}
