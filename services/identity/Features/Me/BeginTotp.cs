using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Me;

/// <summary>A new secret for an authenticator app; it counts from its first right code on.</summary>
internal static class BeginTotp
{
    /// <param name="Secret">Base32, to be typed in.</param>
    /// <param name="OtpauthUri">The same for a QR code.</param>
    public sealed record Response(string Secret, string OtpauthUri);

    public static readonly Error Enrolled = new(ErrorKind.Conflict, "identity.totp.enrolled", "This account has a second factor already.");

    public static void Map(RouteGroupBuilder me) =>
        me.MapPost("/totp", async (Handler handler, CancellationToken ct) => (await handler.HandleAsync(ct)).ToHttp())
            .WithName("identity.totp.begin").AllowAnybody().Answers<Response>(401, 409);

    internal sealed class Handler(IdentityDb db, SecondFactor secondFactor, Entry entry, CallContext call)
    {
        public async Task<Result<Response>> HandleAsync(CancellationToken ct)
        {
            if (await entry.PresentAsync(ct) is not var (user, session)) return CommonErrors.Unauthenticated;
            if (session.Pending is not (Pending.Nothing or Pending.EnrolTotp)) return Entry.OtherStep;
            if (user.TotpEnabled) return Enrolled;
            call.Record?.Concerns("user", user.Id, user.Username);
            var (secret, uri) = secondFactor.Begin(user);
            await db.SaveChangesAsync(ct);
            return new Response(secret, uri);
        }
    }
}
