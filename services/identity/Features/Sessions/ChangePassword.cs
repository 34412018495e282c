using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Sessions;

/// <summary>A person's own new password: ends all other sessions and tokens, this session goes on under a new token.</summary>
internal static class ChangePassword
{
    public sealed record Request(string? OldPassword, string? NewPassword);

    public static void Map(RouteGroupBuilder session) =>
        session.MapPost("/password", async (Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp())
            .WithName("identity.sessions.password").AllowAnybody().Answers<SessionView>(400, 401, 409, 429);

    internal sealed class Handler(OwnPassword password, Entry entry)
    {
        public async Task<Result<SessionView>> HandleAsync(Request body, CancellationToken ct)
        {
            if (await entry.PresentAsync(ct) is not var (user, session)) return CommonErrors.Unauthenticated;
            if (session.Pending is not (Pending.Nothing or Pending.ChangePassword)) return Entry.OtherStep;
            var changed = await password.ChangeAsync(user, body.OldPassword, body.NewPassword, ct);
            if (changed.IsError) return changed.Error;
            return await entry.GoOnAsync(user, session.Surface, session.TotpPassed);
        }
    }
}
