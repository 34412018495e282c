using Grpc.Core;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Results;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Principals;

/// <summary>Tells the gateway, for each call, whose it is.</summary>
internal sealed class PrincipalsService(IdentityDb db, SessionStore sessions, SessionCookies cookies, AccountCache accounts, SignedCalls signed, TimeProvider time)
    : Contracts.Identity.V1.Principals.PrincipalsBase
{
    public override async Task<Principal> Resolve(ResolveRequest request, ServerCallContext context) => (request.Kind switch
    {
        ResolveRequest.Types.Kind.Session => await SessionAsync(request, context.CancellationToken),
        ResolveRequest.Types.Kind.ApiToken => await TokenAsync(request.Secret, context.CancellationToken),
        _ => null,
    }) ?? throw CommonErrors.Unauthenticated.ToRpc();

    public override async Task<Principal> VerifySignature(VerifySignatureRequest request, ServerCallContext context) =>
        await signed.VerifyAsync(request, context.CancellationToken) is { } account
            ? Of(account, "access_key", "", Pending.Nothing)
            : throw CommonErrors.Unauthenticated.ToRpc();

    private async Task<Principal?> SessionAsync(ResolveRequest request, CancellationToken ct)
    {
        var found = request.Watching ? await sessions.FindAsync(Tokens.NameOf(request.Secret)) : await sessions.UseAsync(request.Secret);
        if (found is not { } session || session.Surface != request.Surface) return null;
        if (await accounts.FindAsync(db, session.UserId, a => a.Active && a.Epoch == session.Epoch, ct) is not { } account) return null;
        var principal = Of(account, "session", session.Id, session.Pending);
        principal.CsrfToken = cookies.CsrfOf(session.Id);
        return principal;
    }

    private async Task<Principal?> TokenAsync(string secret, CancellationToken ct)
    {
        var hash = Tokens.HashOf(secret);
        var now = time.GetUtcNow();
        var token = await db.ApiTokens.IgnoreQueryFilters().AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash && !t.Renews && !t.Revoked && t.ExpiresAt > now, ct);
        if (token is null || await accounts.FindAsync(db, token.UserId, a => a.Active && a.Epoch == token.Epoch, ct) is not { } account) return null;
        return Of(account, "api_token", token.Id.ToString(), account.PendingOfToken);
    }

    private static Principal Of(Account account, string kind, string sessionId, string pending) => new()
    {
        UserId = account.UserId.ToString(),
        UserName = account.Username,
        TenantId = account.TenantId.ToString(),
        Role = account.Role,
        Kind = kind,
        SessionId = sessionId,
        Pending = pending,
    };
}
