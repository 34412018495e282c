using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Sessions;

/// <summary>The second step: a code of the authenticator app, or a recovery code.</summary>
internal static class PassTotp
{
    public sealed record Request(string? Code);

    public static void Map(RouteGroupBuilder session) =>
        session.MapPost("/totp", async (Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp())
            .WithName("identity.sessions.totp").AllowAnybody().Answers<SessionView>(400, 401, 409, 429);

    internal sealed class Handler(Proof proof, Entry entry)
    {
        public async Task<Result<SessionView>> HandleAsync(Request body, CancellationToken ct)
        {
            if (await entry.PresentAsync(ct) is not var (user, session)) return CommonErrors.Unauthenticated;
            if (session.Pending != Pending.Totp) return Entry.OtherStep;
            if (new FieldErrors().Required("code", body.Code).AtMost("code", body.Code, 32).Error is { } wrong) return wrong;
            var proved = await proof.ByCodeAsync(user, body.Code!, ct);
            if (proved.IsError) return proved.Error;
            await proof.CompleteAsync(user, ct);
            return await entry.GoOnAsync(user, session.Surface, totpPassed: true);
        }
    }
}
