using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using HyperBdr.Identity.Features.Users;

namespace HyperBdr.Identity.Features.Tenants;

internal static class ListTenants
{
    /// <param name="Q">Part of the name.</param>
    public sealed record Query(
        [FromQuery(Name = "q")] string? Q,
        [FromQuery(Name = "enabled")] bool? Enabled,
        [FromQuery(Name = "page")] int? Page,
        [FromQuery(Name = "page_size")] int? PageSize);

    public static void Map(RouteGroupBuilder tenants) =>
        tenants.MapGet("", async ([AsParameters] Query query, Handler handler, CancellationToken ct) => TypedResults.Ok(await handler.HandleAsync(query, ct)))
            .WithName("identity.tenants.list").RequirePermission(Permissions.TenantsManage).Answers<Listing<TenantView>>(400, 401, 403);

    internal sealed class Handler(IdentityDb db)
    {
        public Task<Listing<TenantView>> HandleAsync(Query query, CancellationToken ct)
        {
            var rows = NamedTenants.CustomersOf(db);
            if (!string.IsNullOrEmpty(query.Q))
            {
                var pattern = VisibleUsers.Containing(query.Q);
                rows = rows.Where(t => EF.Functions.ILike(t.Name, pattern));
            }

            if (query.Enabled is { } enabled) rows = rows.Where(t => t.Enabled == enabled);
            return new PageQuery(query.Page, query.PageSize).OfAsync(rows.OrderBy(t => t.NameKey).Select(TenantView.From(db)), ct);
        }
    }
}
