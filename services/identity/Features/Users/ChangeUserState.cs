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

namespace HyperBdr.Identity.Features.Users;

/// <summary>Enables, disables or deletes an account. A disabled one keeps everything and can do nothing.</summary>
internal static class ChangeUserState
{
    public static void Map(RouteGroupBuilder users)
    {
        users.MapPost("/{id:guid}/enable", async (Guid id, Handler handler, CancellationToken ct) => (await handler.EnableAsync(id, ct)).ToHttp())
            .WithName("identity.users.enable").RequirePermission(Permissions.UsersWrite).Answers<UserView>(401, 403, 404, 409);
        users.MapPost("/{id:guid}/disable", async (Guid id, Handler handler, CancellationToken ct) => (await handler.DisableAsync(id, ct)).ToHttp())
            .WithName("identity.users.disable").RequirePermission(Permissions.UsersWrite).Answers<UserView>(401, 403, 404, 409);
        users.MapDelete("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.DeleteAsync(id, ct)).ToHttp())
            .WithName("identity.users.delete").RequirePermission(Permissions.UsersWrite).AnswersNothing(401, 403, 404, 409);
    }

    internal sealed class Handler(IdentityDb db, LastAdministrator last, BackOff backOff, CallContext call, TimeProvider time)
    {
        public async Task<Result<UserView>> EnableAsync(Guid id, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } user) return VisibleUsers.NotFound;
            user.Enabled = true;
            await backOff.ForgetAsync(user.UsernameKey, ct);
            return await SaveAsync(user, "enabled", ct);
        }

        public async Task<Result<UserView>> DisableAsync(Guid id, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } user) return VisibleUsers.NotFound;
            if (await RefusesAsync(user, ct) is { } refused) return refused;
            user.Enabled = false;
            user.EndSessions();
            return await SaveAsync(user, "disabled", ct);
        }

        /// <summary>The audit trail keeps the name; keys, tokens and recovery codes go with the account.</summary>
        public async Task<Result<Done>> DeleteAsync(Guid id, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } user) return VisibleUsers.NotFound;
            if (await RefusesAsync(user, ct) is { } refused) return refused;
            db.Users.Remove(user);
            await SaveAsync(user, "deleted", ct);
            return Done.Instance;
        }

        private async Task<User?> FindAsync(Guid id, CancellationToken ct)
        {
            var user = await db.VisibleUsersOf(call).SingleOrDefaultAsync(u => u.Id == id, ct);
            if (user is not null) call.Record?.Concerns("user", user.Id, user.Username);
            return user;
        }

        private async Task<Error?> RefusesAsync(User user, CancellationToken ct) =>
            await last.RefusesAsync(user, ct) ?? (user.Id == call.Caller.UserId ? VisibleUsers.Self : null);

        private async Task<UserView> SaveAsync(User user, string change, CancellationToken ct)
        {
            db.Add(new UserChanged(user.Id, user.Username, change) { TenantId = user.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            return UserView.Of(user);
        }
    }
}
