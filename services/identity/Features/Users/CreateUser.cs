using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Users;

internal static class CreateUser
{
    /// <param name="TenantId">Only for the platform administrator, for whom it is required unless the role is the platform's.</param>
    public sealed record Request(string? Username, string? Password, string? Role, string? Nickname, string? Email, string? Language, Guid? TenantId);

    public static readonly Error Taken = Error.Field("username", "Somebody has this name already.") with { Kind = ErrorKind.Conflict, Code = "identity.user.name_taken", Message = "Somebody has this user name already." };
    public static readonly Error RoleForbidden = new(ErrorKind.Forbidden, "identity.user.role_forbidden", "Only a platform administrator makes platform administrators.");

    public static void Map(RouteGroupBuilder users) =>
        users.MapPost("", async (Request body, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(body, ct)).ToHttp(u => TypedResults.Created($"/api/v1/identity/users/{u.Id}", u)))
            .WithName("identity.users.create").RequirePermission(Permissions.UsersWrite).Creates<UserView>(400, 401, 403, 404, 409);

    internal sealed class Handler(IdentityDb db, NewUsers newUsers, CallContext call)
    {
        public async Task<Result<UserView>> HandleAsync(Request body, CancellationToken ct)
        {
            var faults = new FieldErrors().Required("role", body.Role).OneOf("role", body.Role, Roles.All);
            if (NewUsers.Check(faults, body.Username, body.Password, body.Email, "").Profile(body.Nickname, null, body.Language).Error is { } wrong) return wrong;
            if (body.Role == Roles.PlatformAdmin && !call.SeesAllTenants()) return RoleForbidden;
            var tenant = await TenantOfAsync(body, ct);
            if (tenant.IsError) return tenant.Error;
            var user = await newUsers.AddAsync(tenant.Value, body.Username!, body.Password!, body.Role!, ct);
            user.SetProfile(body.Nickname, body.Email, body.Language);
            call.Record?.Concerns("user", user.Id, user.Username);
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException e) when (e.IsDuplicate())
            {
                return Taken;
            }

            return UserView.Of(user);
        }

        private async Task<Result<Tenant>> TenantOfAsync(Request body, CancellationToken ct)
        {
            var id = body.TenantId ?? (body.Role == Roles.PlatformAdmin || !call.SeesAllTenants() ? call.TenantId : null as Guid?);
            if (id is null) return Error.Field("tenant_id", "Name the tenant of a user of this role.");
            if (!call.SeesAllTenants() && id != call.TenantId) return NamedTenants.NotFound;
            if (await db.Tenants.SingleOrDefaultAsync(t => t.Id == id, ct) is not { } tenant) return NamedTenants.NotFound;
            if (tenant.Id == Contracts.Security.Tenants.Platform != (body.Role == Roles.PlatformAdmin)) return Error.Field("role", "This role does not belong into this tenant.");
            return tenant;
        }
    }
}
