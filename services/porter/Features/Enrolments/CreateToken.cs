using System.ComponentModel.DataAnnotations;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>Makes a token; the answer is the only place that ever shows its secret.</summary>
internal static class CreateToken
{
    public sealed record Request(
        [Required, StringLength(EnrolmentToken.MaxNameLength, MinimumLength = 1)] string Name,
        [Range(EnrolmentToken.MinLifetimeSeconds, EnrolmentToken.MaxLifetimeSeconds)] int LifetimeS);

    public sealed record Response(TokenRow Token, string Secret);

    public static void Map(RouteGroupBuilder tokens) =>
        tokens.MapPost("/", async (Request body, HttpResponse response, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(body.Name, body.LifetimeS, ct)).ToHttp(created =>
                {
                    response.Headers.CacheControl = "no-store";
                    return TypedResults.Json(created, statusCode: StatusCodes.Status201Created);
                }))
            .WithName("porter.enrolment_tokens.create")
            .Produces<Response>(StatusCodes.Status201Created)
            .RequirePermission(Permissions.EnrolmentsWrite);

    internal sealed class Handler(PorterDb db, IOutbox outbox, CallContext call, TimeProvider time)
    {
        public async Task<Result<Response>> HandleAsync(string name, int lifetimeSeconds, CancellationToken ct)
        {
            name = name.Trim();
            if (name.Length is 0 or > EnrolmentToken.MaxNameLength || name.Any(char.IsControl)) return Error.Field("name", $"1 to {EnrolmentToken.MaxNameLength} printable characters.");
            if (lifetimeSeconds is < EnrolmentToken.MinLifetimeSeconds or > EnrolmentToken.MaxLifetimeSeconds)
                return Error.Field("lifetime_s", $"{EnrolmentToken.MinLifetimeSeconds} to {EnrolmentToken.MaxLifetimeSeconds} seconds.");

            var now = time.GetUtcNow();
            var (token, secret) = EnrolmentToken.Create(call.TenantId, name, call.Caller.Name, TimeSpan.FromSeconds(lifetimeSeconds), now);
            db.EnrolmentTokens.Add(token);
            call.Record?.Concerns("enrolment_token", token.Id, token.Name);
            outbox.Add(new EnrolmentTokenCreated(token.Id, token.Name, token.ExpiresAt) { TenantId = token.TenantId, OccurredAt = now });
            await db.SaveChangesAsync(ct);
            return new Response(TokenRow.Of(token, now), secret);
        }
    }
}
