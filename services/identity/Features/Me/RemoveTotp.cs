using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;

namespace HyperBdr.Identity.Features.Me;

/// <summary>Gives up one's own second factor; administrators cannot.</summary>
internal static class RemoveTotp
{
    public sealed record Request(string? Password);

    public static readonly Error Needed = new(ErrorKind.Conflict, "identity.totp.needed", "Administrators need a second factor.");

    public static void Map(RouteGroupBuilder me) =>
        me.MapDelete("/totp", async ([FromBody] Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp())
            .WithName("identity.totp.delete").RequireSignedIn().AnswersNothing(400, 401, 403, 409, 429);

    internal sealed class Handler(IdentityDb db, Proof proof, Entry entry, CallContext call, TimeProvider time)
    {
        public async Task<Result<Done>> HandleAsync(Request body, CancellationToken ct)
        {
            if (await entry.PresentAsync(ct) is not var (user, session)) return Entry.OnlyForSessions;
            call.Record?.Concerns("user", user.Id, user.Username);
            if (user.NeedsTotp) return Needed;
            if (new FieldErrors().Required("password", body.Password).Error is { } wrong) return wrong;
            var proved = await proof.AgainAsync(user, body.Password!, "password", ct);
            if (proved.IsError) return proved.Error;
            user.RemoveTotp();
            db.Add(new UserChanged(user.Id, user.Username, "mfa_reset") { TenantId = user.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            await entry.GoOnAsync(user, session.Surface, totpPassed: false);
            return Done.Instance;
        }
    }
}
