using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Licences;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;
using HyperBdr.Identity.Features.Users;

namespace HyperBdr.Identity.Features.Tenants;

/// <summary>A new customer, with its first administrator if one is named; both or neither.</summary>
internal static class CreateTenant
{
    public sealed record Request(string? Name, string? Scene, Administrator? Admin);

    public sealed record Administrator(string? Username, string? Password, string? Email);

    public static readonly Error Taken = Error.Field("name", "A tenant has this name already.") with { Kind = ErrorKind.Conflict, Code = "identity.tenant.name_taken", Message = "A tenant has this name already." };
    public static readonly Error AdminTaken = CreateUser.Taken with { Fields = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["admin.username"] = ["Somebody has this name already."] } };

    public static void Map(RouteGroupBuilder tenants) =>
        tenants.MapPost("", async (Request body, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(body, ct)).ToHttp(t => TypedResults.Created($"/api/v1/identity/tenants/{t.Id}", t)))
            .WithName("identity.tenants.create").RequirePermission(Permissions.TenantsManage).Creates<TenantView>(400, 401, 403, 409);

    internal sealed class Handler(IdentityDb db, NewUsers newUsers, LicenceOptions licences, CallContext call, TimeProvider time)
    {
        public async Task<Result<TenantView>> HandleAsync(Request body, CancellationToken ct)
        {
            var faults = new FieldErrors().TenantName("name", body.Name).Required("scene", body.Scene).OneOf("scene", body.Scene, Tenant.Scenes);
            if (body.Admin is { } a) NewUsers.Check(faults, a.Username, a.Password, a.Email, "admin.");
            if (faults.Error is { } wrong) return wrong;
            var now = time.GetUtcNow();
            var name = body.Name!.Trim();
            var tenant = new Tenant { Id = Guid.CreateVersion7(now), Name = name, NameKey = Tenant.KeyOf(name), Scene = body.Scene!, CreatedAt = now };
            db.Tenants.Add(tenant);
            db.Add(new TenantCreated(tenant.Id, tenant.Name) { TenantId = tenant.Id, OccurredAt = now });
            db.AddEvaluation(tenant.Id, licences, now);
            call.Record?.Concerns("tenant", tenant.Id, tenant.Name);
            if (body.Admin is { } admin) (await newUsers.AddAsync(tenant, admin.Username!, admin.Password!, Roles.TenantAdmin, ct)).SetProfile(null, admin.Email, null);
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException e) when (e.IsDuplicate())
            {
                return e.IsDuplicate("username_key") ? AdminTaken : Taken;
            }

            return new TenantView(tenant.Id, tenant.Name, tenant.Scene, tenant.Enabled, body.Admin is null ? 0 : 1, tenant.CreatedAt);
        }
    }
}
