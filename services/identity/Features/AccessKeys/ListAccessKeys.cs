using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using HyperBdr.Identity.Features.Users;

namespace HyperBdr.Identity.Features.AccessKeys;

internal static class ListAccessKeys
{
    /// <param name="Q">Part of the key, its description or its user's name.</param>
    public sealed record Query(
        [FromQuery(Name = "q")] string? Q,
        [FromQuery(Name = "user_id")] Guid? UserId,
        [FromQuery(Name = "enabled")] bool? Enabled,
        [FromQuery(Name = "page")] int? Page,
        [FromQuery(Name = "page_size")] int? PageSize);

    public static void Map(RouteGroupBuilder keys) =>
        keys.MapGet("", async ([AsParameters] Query query, Handler handler, CancellationToken ct) => TypedResults.Ok(await handler.HandleAsync(query, ct)))
            .WithName("identity.access_keys.list").RequirePermission(Permissions.AccessKeysRead).Answers<Listing<AccessKeyView>>(400, 401, 403);

    internal sealed class Handler(IdentityDb db, CallContext call)
    {
        public Task<Listing<AccessKeyView>> HandleAsync(Query query, CancellationToken ct)
        {
            var rows = db.VisibleKeysOf(call);
            if (!string.IsNullOrEmpty(query.Q))
            {
                var pattern = VisibleUsers.Containing(query.Q);
                rows = rows.Where(k => EF.Functions.ILike(k.Key, pattern) || EF.Functions.ILike(k.Description, pattern) || EF.Functions.ILike(k.User.Username, pattern));
            }

            if (query.UserId is { } user) rows = rows.Where(k => k.UserId == user);
            if (query.Enabled is { } enabled) rows = rows.Where(k => k.Enabled == enabled);
            return new PageQuery(query.Page, query.PageSize).OfAsync(rows.OrderByDescending(k => k.Id).Select(AccessKeyView.Projection), ct);
        }
    }
}
