using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Compat;

/// <summary>The second step of a program's sign-in.</summary>
internal static class LoginMfa
{
    public sealed record Request(string? MfaToken, string? Code);

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/loginMfa", async (HttpContext http, Handler handler, CancellationToken ct) => (await handler.HandleAsync(http, ct)).ToCompat())
            .WithName("identity.compat.login_mfa").WithTags("compatible").AllowAnybody().Accepts<Request>("application/json").AnswersCompat<IssuedTokens>(400, 401, 429);

    internal sealed class Handler(IdentityDb db, Proof proof, ApiTokens tokens, HalfSignIns halfSignIns)
    {
        public async Task<Result<IssuedTokens>> HandleAsync(HttpContext http, CancellationToken ct)
        {
            var read = await Compat.ReadAsync<Request>(http, ct);
            if (read.IsError) return read.Error;
            var body = read.Value;
            if (new FieldErrors().Required("mfa_token", body.MfaToken).Required("code", body.Code).AtMost("code", body.Code, 32).Error is { } wrong) return wrong;
            if (await halfSignIns.FindAsync(body.MfaToken!) is not var (userId, epoch)) return ApiTokens.Expired;
            var user = await db.Users.IgnoreQueryFilters().Include(u => u.Tenant).SingleOrDefaultAsync(u => u.Id == userId && u.Epoch == epoch && u.Enabled && u.Tenant.Enabled, ct);
            if (user is null) return ApiTokens.Expired;
            var proved = await proof.ByCodeAsync(user, body.Code!, ct);
            if (proved.IsError) return proved.Error;
            if (!await halfSignIns.EndAsync(body.MfaToken!)) return ApiTokens.Expired;
            await proof.CompleteAsync(user, ct);
            return await tokens.IssueAsync(user, ct);
        }
    }
}
