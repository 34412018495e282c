using System.Text.Json.Serialization;
using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Domain;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Compat;

internal static class RefreshToken
{
    // The client's own field name; the record's other name would hide the class.
    public sealed record Request([property: JsonPropertyName("refresh_token")] string? Value);

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/refreshToken", async (HttpContext http, Handler handler, CancellationToken ct) => (await handler.HandleAsync(http, ct)).ToCompat())
            .WithName("identity.compat.refresh").WithTags("compatible").AllowAnybody().Accepts<Request>("application/json").AnswersCompat<IssuedTokens>(400, 401);

    internal sealed class Handler(ApiTokens tokens)
    {
        public async Task<Result<IssuedTokens>> HandleAsync(HttpContext http, CancellationToken ct)
        {
            var body = await Compat.ReadAsync<Request>(http, ct);
            if (body.IsError) return body.Error;
            if (new FieldErrors().Required("refresh_token", body.Value.Value).Error is { } wrong) return wrong;
            return await tokens.RenewAsync(body.Value.Value!, ct);
        }
    }
}
