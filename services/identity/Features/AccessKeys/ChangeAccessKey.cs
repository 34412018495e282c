using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;
using HyperBdr.Identity.Features.Users;

namespace HyperBdr.Identity.Features.AccessKeys;

/// <summary>Shows the secret of a key again, enables, disables or deletes it.</summary>
internal static class ChangeAccessKey
{
    public sealed record Revealed(string AccessKey, string Secret);

    public static readonly Error NotFound = new(ErrorKind.NotFound, "identity.access_key.not_found", "No such access key.");

    public static void Map(RouteGroupBuilder keys)
    {
        keys.MapPost("/{id:guid}/reveal", async (Guid id, Handler handler, CancellationToken ct) => (await handler.RevealAsync(id, ct)).ToHttp())
            .WithName("identity.access_keys.reveal").RequirePermission(Permissions.AccessKeysWrite).Answers<Revealed>(401, 403, 404);
        keys.MapPost("/{id:guid}/enable", async (Guid id, Handler handler, CancellationToken ct) => (await handler.SwitchAsync(id, true, ct)).ToHttp())
            .WithName("identity.access_keys.enable").RequirePermission(Permissions.AccessKeysWrite).Answers<AccessKeyView>(401, 403, 404);
        keys.MapPost("/{id:guid}/disable", async (Guid id, Handler handler, CancellationToken ct) => (await handler.SwitchAsync(id, false, ct)).ToHttp())
            .WithName("identity.access_keys.disable").RequirePermission(Permissions.AccessKeysWrite).Answers<AccessKeyView>(401, 403, 404);
        keys.MapDelete("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.DeleteAsync(id, ct)).ToHttp())
            .WithName("identity.access_keys.delete").RequirePermission(Permissions.AccessKeysWrite).AnswersNothing(401, 403, 404);
    }

    internal sealed class Handler(IdentityDb db, Envelope envelope, CallContext call, TimeProvider time)
    {
        public async Task<Result<Revealed>> RevealAsync(Guid id, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } key) return NotFound;
            if (key.TenantId != call.TenantId) return CreateAccessKey.ForeignSecret;
            if (call.Caller.Kind != "session") return Entry.OnlyForSessions;
            await SaveAsync(key, "revealed", ct);
            return new Revealed(key.Key, envelope.Open(key.SealedSecret, AccessKey.ContextOf(key.Id)));
        }

        public async Task<Result<AccessKeyView>> SwitchAsync(Guid id, bool enabled, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } key) return NotFound;
            key.Enabled = enabled;
            await SaveAsync(key, enabled ? "enabled" : "disabled", ct);
            return AccessKeyView.Of(key);
        }

        public async Task<Result<Done>> DeleteAsync(Guid id, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } key) return NotFound;
            db.AccessKeys.Remove(key);
            await SaveAsync(key, "deleted", ct);
            return Done.Instance;
        }

        private async Task<AccessKey?> FindAsync(Guid id, CancellationToken ct)
        {
            var key = await db.VisibleKeysOf(call).SingleOrDefaultAsync(k => k.Id == id, ct);
            if (key is not null) call.Record?.Concerns("access_key", key.Id, key.Key);
            return key;
        }

        private async Task SaveAsync(AccessKey key, string change, CancellationToken ct)
        {
            db.Add(new AccessKeyChanged(key.Id, key.UserId, change) { TenantId = key.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
        }
    }
}
