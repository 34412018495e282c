using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Compat;

/// <summary>Signs a program in with name and password; an account with a second factor gets a token for that step instead.</summary>
internal static class Login
{
    public sealed record Request(string? Username, string? Password);

    /// <summary>What the second step needs.</summary>
    /// <param name="Channel">Where the code comes from; <c>totp</c>.</param>
    public sealed record SecondFactorWanted(string MfaToken, string Channel);

    /// <summary>The v1 answer.</summary>
    public sealed record BareToken(string Token);

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/api/v2/loginNoImageCaptcha", async (HttpContext http, Handler handler, CancellationToken ct) => await handler.AnswerAsync(http, bare: false, ct))
            .WithName("identity.compat.login").WithTags("compatible").AllowAnybody().Accepts<Request>("application/json").AnswersCompat<IssuedTokens>(400, 401, 403, 429);
        app.MapPost("/hypermotion/v1/users/token", async (HttpContext http, Handler handler, CancellationToken ct) => await handler.AnswerAsync(http, bare: true, ct))
            .WithName("identity.compat.token").WithTags("compatible").AllowAnybody().Accepts<Request>("application/json").Produces<BareToken>().CompatFaults(400, 401, 403, 429);
    }

    internal sealed class Handler(Proof proof, ApiTokens tokens, HalfSignIns halfSignIns)
    {
        public async Task<IResult> AnswerAsync(HttpContext http, bool bare, CancellationToken ct)
        {
            var body = await Compat.ReadAsync<Request>(http, ct);
            if (body.IsError) return body.Error.ToFault();
            if (new FieldErrors().Required("username", body.Value.Username).Required("password", body.Value.Password).Error is { } wrong) return wrong.ToFault();
            var proved = await proof.ByPasswordAsync(body.Value.Username!, body.Value.Password!, ct);
            if (proved.IsError) return proved.Error.ToFault();
            var user = proved.Value;
            if (user.TotpEnabled)
                return Compat.Answer(Compat.SecondFactorNeeded, "A second factor is needed: send its code to /api/v2/loginMfa.", new SecondFactorWanted(await halfSignIns.BeginAsync(user), "totp"));
            await proof.CompleteAsync(user, ct);
            var issued = await tokens.IssueAsync(user, ct);
            return bare ? TypedResults.Ok(new BareToken(issued.Token)) : Compat.Answer(Compat.Success, "", issued);
        }
    }
}
