using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Sessions;

/// <summary>The first step of signing in with a browser.</summary>
internal static class SignIn
{
    public sealed record Request(string? Username, string? Password);

    public static readonly Error NoSurface = new(ErrorKind.Validation, "identity.session.surface", "Sign in through the console or the O&M portal.");
    public static readonly Error WrongSurface = new(ErrorKind.Forbidden, "identity.session.wrong_surface",
        "Platform administrators sign in to the O&M portal, everybody else to the console.");

    public static void Map(RouteGroupBuilder session) =>
        session.MapPost("", async (Request body, HttpContext http, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(body, Surfaces.Of(http), ct)).ToHttp())
            .WithName("identity.sessions.create").AllowAnybody().Answers<SessionView>(400, 401, 403, 429);

    internal sealed class Handler(Proof proof, Entry entry)
    {
        public async Task<Result<SessionView>> HandleAsync(Request body, string? surface, CancellationToken ct)
        {
            if (surface is null) return NoSurface;
            if (new FieldErrors().Required("username", body.Username).Required("password", body.Password).Error is { } wrong) return wrong;
            var proved = await proof.ByPasswordAsync(body.Username!, body.Password!, ct);
            if (proved.IsError) return proved.Error;
            var user = proved.Value;
            if (!Entry.IsFor(surface, user.Role)) return WrongSurface;
            if (!user.TotpEnabled) await proof.CompleteAsync(user, ct);
            return await entry.GoOnAsync(user, surface, totpPassed: false);
        }
    }
}
