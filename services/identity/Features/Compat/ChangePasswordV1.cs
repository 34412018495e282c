using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Compat;

/// <summary>One's own new password over the older interface; the token of this call ends with it.</summary>
internal static class ChangePasswordV1
{
    public sealed record Request(string? OldPassword, string? NewPassword, string? CheckPassword);

    public sealed record Response(string Username);

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPut("/hypermotion/v1/users", async (HttpContext http, Handler handler, CancellationToken ct) =>
                await handler.HandleAsync(http, ct) is var result && result.IsError ? result.Error.ToFault() : TypedResults.Ok(result.Value))
            .WithName("identity.compat.password").WithTags("compatible").AllowAnybody().Accepts<Request>("application/json").Produces<Response>().CompatFaults(400, 401, 403, 429);

    internal sealed class Handler(OwnPassword password, Entry entry, CallContext call)
    {
        public async Task<Result<Response>> HandleAsync(HttpContext http, CancellationToken ct)
        {
            if (call.Caller.Kind is not ("session" or "api_token") || await entry.UserAsync(ct) is not { } user) return CommonErrors.Unauthenticated;
            if (call.Caller.Pending is not (Pending.Nothing or Pending.ChangePassword)) return CommonErrors.Forbidden;
            var body = await Compat.ReadAsync<Request>(http, ct);
            if (body.IsError) return body.Error;
            if (body.Value.NewPassword != body.Value.CheckPassword) return Error.Field("check_password", "Not the same as the new password.");
            var changed = await password.ChangeAsync(user, body.Value.OldPassword, body.Value.NewPassword, ct);
            return changed.IsError ? changed.Error : new Response(user.Username);
        }
    }
}
