using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Compat;

/// <summary>Ends the token of the call, and the one that renews it.</summary>
internal static class Logout
{
    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/logout", async (Handler handler, CancellationToken ct) => (await handler.HandleAsync(ct)).ToCompat())
            .WithName("identity.compat.logout").WithTags("compatible").AllowAnybody().AnswersCompat<object>(401);

    internal sealed class Handler(ApiTokens tokens, CallContext call)
    {
        public async Task<Result<object?>> HandleAsync(CancellationToken ct)
        {
            if (call.Caller is not { Kind: "api_token", SessionId: { } id }) return CommonErrors.Unauthenticated;
            await tokens.EndAsync(Guid.Parse(id), ct);
            return (object?)null;
        }
    }
}
