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

/// <summary>What an administrator does for somebody who cannot get in: a new password, or the second factor anew. Both end the user's sessions.</summary>
internal static class ResetUser
{
    public sealed record Request(string? NewPassword);

    public static void Map(RouteGroupBuilder users)
    {
        users.MapPost("/{id:guid}/reset-password", async (Guid id, Request body, Handler handler, CancellationToken ct) => (await handler.PasswordAsync(id, body, ct)).ToHttp())
            .WithName("identity.users.reset_password").RequirePermission(Permissions.UsersWrite).Answers<UserView>(400, 401, 403, 404, 409);
        users.MapPost("/{id:guid}/reset-totp", async (Guid id, Handler handler, CancellationToken ct) => (await handler.TotpAsync(id, ct)).ToHttp())
            .WithName("identity.users.reset_totp").RequirePermission(Permissions.UsersWrite).Answers<UserView>(401, 403, 404, 409);
    }

    internal sealed class Handler(IdentityDb db, PasswordHashing passwords, BackOff backOff, CallContext call, TimeProvider time)
    {
        public async Task<Result<UserView>> PasswordAsync(Guid id, Request body, CancellationToken ct)
        {
            var found = await FindAsync(id, ct);
            if (found.IsError) return found.Error;
            var user = found.Value;
            if (new FieldErrors().Password("new_password", body.NewPassword, user.Username).Error is { } wrong) return wrong;
            user.SetPassword(await passwords.HashAsync(body.NewPassword!, ct), mustChange: true);
            await backOff.ForgetAsync(user.UsernameKey, ct);
            return await SaveAsync(user, "password_reset", ct);
        }

        public async Task<Result<UserView>> TotpAsync(Guid id, CancellationToken ct)
        {
            var found = await FindAsync(id, ct);
            if (found.IsError) return found.Error;
            found.Value.RemoveTotp();
            return await SaveAsync(found.Value, "mfa_reset", ct);
        }

        /// <summary>For one's own account there are ways that ask for the present password.</summary>
        private async Task<Result<User>> FindAsync(Guid id, CancellationToken ct)
        {
            if (await db.VisibleUsersOf(call).SingleOrDefaultAsync(u => u.Id == id, ct) is not { } user) return VisibleUsers.NotFound;
            call.Record?.Concerns("user", user.Id, user.Username);
            return user.Id == call.Caller.UserId ? VisibleUsers.Self : user;
        }

        private async Task<UserView> SaveAsync(User user, string change, CancellationToken ct)
        {
            db.Add(new UserChanged(user.Id, user.Username, change) { TenantId = user.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            return UserView.Of(user);
        }
    }
}
