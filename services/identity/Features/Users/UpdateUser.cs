using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Users;

internal static class UpdateUser
{
    /// <param name="Role">Absent: as it is. A new role ends the user's sessions.</param>
    public sealed record Request(string? Role, string? Nickname, string? Email, string? Language);

    public static void Map(RouteGroupBuilder users) =>
        users.MapPut("/{id:guid}", async (Guid id, Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, body, ct)).ToHttp())
            .WithName("identity.users.update").RequirePermission(Permissions.UsersWrite).Answers<UserView>(400, 401, 403, 404, 409);

    internal sealed class Handler(IdentityDb db, LastAdministrator last, CallContext call, TimeProvider time)
    {
        public async Task<Result<UserView>> HandleAsync(Guid id, Request body, CancellationToken ct)
        {
            if (await db.VisibleUsersOf(call).SingleOrDefaultAsync(u => u.Id == id, ct) is not { } user) return VisibleUsers.NotFound;
            call.Record?.Concerns("user", user.Id, user.Username);
            if (new FieldErrors().OneOf("role", body.Role, Roles.All).Profile(body.Nickname, body.Email, body.Language).Error is { } wrong) return wrong;
            if (body.Role is { } role && role != user.Role && await ChangeRoleAsync(user, role, ct) is { } refused) return refused;
            user.SetProfile(body.Nickname, body.Email, body.Language);
            db.Add(new UserChanged(user.Id, user.Username, "updated") { TenantId = user.TenantId, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            return UserView.Of(user);
        }

        private async Task<Error?> ChangeRoleAsync(User user, string role, CancellationToken ct)
        {
            if (role == Roles.PlatformAdmin && !call.SeesAllTenants()) return CreateUser.RoleForbidden;
            if (role == Roles.PlatformAdmin || user.Role == Roles.PlatformAdmin) return Error.Field("role", "An account stays in its tenant: make a new one for this role.");
            if (await last.RefusesAsync(user, ct) is { } refused) return refused;
            user.Role = role;
            user.EndSessions();
            return null;
        }
    }
}
