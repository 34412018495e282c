using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>Ends an active token; repeating it changes nothing.</summary>
internal static class RevokeToken
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "porter.enrolment_token.not_found", "No such enrolment token.");

    public static void Map(RouteGroupBuilder tokens) =>
        tokens.MapPost("/{id:guid}/revoke", async (Guid id, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(id, ct)).ToHttp(_ => TypedResults.NoContent()))
            .WithName("porter.enrolment_tokens.revoke")
            .Produces(StatusCodes.Status204NoContent)
            .RequirePermission(Permissions.EnrolmentsWrite);

    internal sealed class Handler(PorterDb db, IOutbox outbox, CallContext call, TimeProvider time)
    {
        public async Task<Result<TokenRow>> HandleAsync(Guid id, CancellationToken ct)
        {
            call.Record?.Concerns("enrolment_token", id, null);
            if (await db.EnrolmentTokens.SingleOrDefaultAsync(t => t.Id == id, ct) is not { } token) return NotFound;
            call.Record?.Concerns("enrolment_token", token.Id, token.Name);

            var now = time.GetUtcNow();
            var revoked = token.Revoke(now);
            if (revoked.IsError) return revoked.Error;
            if (revoked.Value) outbox.Add(new EnrolmentTokenRevoked(token.Id, token.Name) { TenantId = token.TenantId, OccurredAt = now });
            await db.SaveChangesAsync(ct);
            return TokenRow.Of(token, now);
        }
    }
}
