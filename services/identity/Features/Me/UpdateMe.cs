using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Me;

/// <summary>One's own profile.</summary>
internal static class UpdateMe
{
    public sealed record Request(string? Nickname, string? Email, string? Language);

    public static void Map(RouteGroupBuilder me) =>
        me.MapPut("", async (Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp())
            .WithName("identity.me.update").RequireSignedIn().Answers<SignedInUser>(400, 401, 403);

    internal sealed class Handler(IdentityDb db, Entry entry, CallContext call, TimeProvider time)
    {
        public async Task<Result<SignedInUser>> HandleAsync(Request body, CancellationToken ct)
        {
            if (await entry.UserAsync(ct) is not { } user) return CommonErrors.Unauthenticated;
            if (new FieldErrors().Profile(body.Nickname, body.Email, body.Language).Error is { } wrong) return wrong;
            call.Record?.Concerns("user", user.Id, user.Username);
            user.SetProfile(body.Nickname, body.Email, body.Language);
            db.Add(new UserChanged(user.Id, user.Username, "updated") { TenantId = user.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            return SignedInUser.Of(user);
        }
    }
}
