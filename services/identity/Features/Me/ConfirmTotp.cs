using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Me;

/// <summary>The first code of a new second factor: from now on it is needed. Other sessions end.</summary>
internal static class ConfirmTotp
{
    public sealed record Request(string? Code);

    /// <param name="RecoveryCodes">Ten, each for one sign-in without the app; never shown again.</param>
    public sealed record Response(IReadOnlyList<string> RecoveryCodes);

    public static void Map(RouteGroupBuilder me) =>
        me.MapPost("/totp/confirm", async (Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp())
            .WithName("identity.totp.confirm").AllowAnybody().Answers<Response>(400, 401, 409);

    internal sealed class Handler(IdentityDb db, SecondFactor secondFactor, Entry entry, CallContext call, TimeProvider time)
    {
        public async Task<Result<Response>> HandleAsync(Request body, CancellationToken ct)
        {
            if (await entry.PresentAsync(ct) is not var (user, session)) return CommonErrors.Unauthenticated;
            if (session.Pending is not (Pending.Nothing or Pending.EnrolTotp)) return Entry.OtherStep;
            if (user.TotpEnabled) return BeginTotp.Enrolled;
            if (new FieldErrors().Required("code", body.Code).AtMost("code", body.Code, 32).Error is { } wrong) return wrong;
            call.Record?.Concerns("user", user.Id, user.Username);
            if (await secondFactor.ConfirmAsync(user, body.Code!, ct) is not { } codes) return Error.Field("code", "This is not the code of this moment.");
            db.Add(new UserChanged(user.Id, user.Username, "mfa_enabled") { TenantId = user.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            await entry.GoOnAsync(user, session.Surface, totpPassed: true);
            return new Response(codes);
        }
    }
}
