using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;
using System.Security.Cryptography;
using HyperBdr.Identity.Features.Users;

namespace HyperBdr.Identity.Features.AccessKeys;

internal static class CreateAccessKey
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    /// <param name="UserId">Whose role it has; absent: the caller's.</param>
    public sealed record Request(Guid? UserId, string? Description);

    /// <param name="Secret">Signs the calls.</param>
    public sealed record Response(Guid Id, string AccessKey, Guid UserId, string Username, string Role, Guid TenantId, bool Enabled, string Description, DateTimeOffset CreatedAt, string Secret);

    public static readonly Error TooMany = new(ErrorKind.Conflict, "identity.access_key.too_many", "A user has at most ten access keys; delete one that is not used.");
    public static readonly Error ForeignSecret = new(ErrorKind.Forbidden, "identity.access_key.foreign_secret", "Secrets of a tenant's keys are for that tenant's administrators.");

    public static void Map(RouteGroupBuilder keys) =>
        keys.MapPost("", async (Request body, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(body, ct)).ToHttp(k => TypedResults.Created($"/api/v1/identity/access-keys/{k.Id}", k)))
            .WithName("identity.access_keys.create").RequirePermission(Permissions.AccessKeysWrite).Creates<Response>(400, 401, 403, 404, 409);

    internal sealed class Handler(IdentityDb db, Envelope envelope, CallContext call, TimeProvider time)
    {
        public async Task<Result<Response>> HandleAsync(Request body, CancellationToken ct)
        {
            if (new FieldErrors().AtMost("description", body.Description, 256).Error is { } wrong) return wrong;
            var userId = body.UserId ?? call.Caller.UserId;
            if (await db.VisibleUsersOf(call).SingleOrDefaultAsync(u => u.Id == userId, ct) is not { } user) return VisibleUsers.NotFound;
            if (user.TenantId != call.TenantId) return ForeignSecret;
            if (await db.AccessKeys.CountAsync(k => k.UserId == user.Id, ct) >= AccessKey.MostPerUser) return TooMany;
            var now = time.GetUtcNow();
            var (id, secret) = (Guid.CreateVersion7(now), Tokens.New());
            var key = new AccessKey
            {
                Id = id, TenantId = user.TenantId, UserId = user.Id, Key = $"AK{RandomNumberGenerator.GetString(Letters, 18)}",
                SealedSecret = envelope.Seal(secret, AccessKey.ContextOf(id)), Description = body.Description ?? "", CreatedAt = now,
            };
            db.AccessKeys.Add(key);
            db.Add(new AccessKeyChanged(id, user.Id, "created") { TenantId = user.TenantId, OccurredAt = now });
            call.Record?.Concerns("access_key", id, key.Key);
            await db.SaveChangesAsync(ct);
            return new Response(id, key.Key, user.Id, user.Username, user.Role, user.TenantId, key.Enabled, key.Description, key.CreatedAt, secret);
        }
    }
}
