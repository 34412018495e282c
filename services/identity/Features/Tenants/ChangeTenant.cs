using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Tenants;

/// <summary>Renames, enables or disables a tenant. Disabled: its users cannot sign in, sessions and keys stop; its data stays.</summary>
internal static class ChangeTenant
{
    public sealed record Request(string? Name);

    public static void Map(RouteGroupBuilder tenants)
    {
        tenants.MapPut("/{id:guid}", async (Guid id, Request body, Handler handler, CancellationToken ct) => (await handler.RenameAsync(id, body, ct)).ToHttp())
            .WithName("identity.tenants.update").RequirePermission(Permissions.TenantsManage).Answers<TenantView>(400, 401, 403, 404, 409);
        tenants.MapPost("/{id:guid}/enable", async (Guid id, Handler handler, CancellationToken ct) => (await handler.SwitchAsync(id, true, ct)).ToHttp())
            .WithName("identity.tenants.enable").RequirePermission(Permissions.TenantsManage).Answers<TenantView>(401, 403, 404, 409);
        tenants.MapPost("/{id:guid}/disable", async (Guid id, Handler handler, CancellationToken ct) => (await handler.SwitchAsync(id, false, ct)).ToHttp())
            .WithName("identity.tenants.disable").RequirePermission(Permissions.TenantsManage).Answers<TenantView>(401, 403, 404, 409);
    }

    internal sealed class Handler(IdentityDb db, CallContext call, TimeProvider time)
    {
        public async Task<Result<TenantView>> RenameAsync(Guid id, Request body, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } tenant) return NamedTenants.NotFound;
            if (new FieldErrors().TenantName("name", body.Name).Error is { } wrong) return wrong;
            tenant.Name = body.Name!.Trim();
            tenant.NameKey = Tenant.KeyOf(tenant.Name);
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException e) when (e.IsDuplicate())
            {
                return CreateTenant.Taken;
            }

            return await ViewAsync(id, ct);
        }

        public async Task<Result<TenantView>> SwitchAsync(Guid id, bool enabled, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } tenant) return NamedTenants.NotFound;
            tenant.Enabled = enabled;
            db.Add(new TenantStatusChanged(tenant.Id, tenant.Name, enabled) { TenantId = tenant.Id, OccurredAt = time.GetUtcNow() });
            await db.SaveChangesAsync(ct);
            return await ViewAsync(id, ct);
        }

        private async Task<Tenant?> FindAsync(Guid id, CancellationToken ct)
        {
            var tenant = await NamedTenants.CustomersOf(db).SingleOrDefaultAsync(t => t.Id == id, ct);
            if (tenant is not null) call.Record?.Concerns("tenant", tenant.Id, tenant.Name);
            return tenant;
        }

        private Task<TenantView> ViewAsync(Guid id, CancellationToken ct) => db.Tenants.Where(t => t.Id == id).Select(TenantView.From(db)).SingleAsync(ct);
    }
}
