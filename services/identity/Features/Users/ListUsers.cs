using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Users;

internal static class ListUsers
{
    /// <param name="Q">Part of the name, nickname or e-mail address.</param>
    public sealed record Query(
        [FromQuery(Name = "q")] string? Q,
        [FromQuery(Name = "role")] string? Role,
        [FromQuery(Name = "tenant_id")] Guid? TenantId,
        [FromQuery(Name = "enabled")] bool? Enabled,
        [FromQuery(Name = "page")] int? Page,
        [FromQuery(Name = "page_size")] int? PageSize);

    public static void Map(RouteGroupBuilder users) =>
        users.MapGet("", async ([AsParameters] Query query, Handler handler, CancellationToken ct) => TypedResults.Ok(await handler.HandleAsync(query, ct)))
            .WithName("identity.users.list").RequirePermission(Permissions.UsersRead).Answers<Listing<UserView>>(400, 401, 403);

    internal sealed class Handler(IdentityDb db, CallContext call)
    {
        public Task<Listing<UserView>> HandleAsync(Query query, CancellationToken ct)
        {
            var rows = db.VisibleUsersOf(call);
            if (!string.IsNullOrEmpty(query.Q))
            {
                var pattern = VisibleUsers.Containing(query.Q);
                rows = rows.Where(u => EF.Functions.ILike(u.Username, pattern) || EF.Functions.ILike(u.Nickname!, pattern) || EF.Functions.ILike(u.Email!, pattern));
            }

            if (!string.IsNullOrEmpty(query.Role)) rows = rows.Where(u => u.Role == query.Role);
            if (query.TenantId is { } tenant) rows = rows.Where(u => u.TenantId == tenant);
            if (query.Enabled is { } enabled) rows = rows.Where(u => u.Enabled == enabled);
            return new PageQuery(query.Page, query.PageSize).OfAsync(rows.OrderBy(u => u.UsernameKey).Select(UserView.Projection), ct);
        }
    }
}
