using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using Microsoft.EntityFrameworkCore;
using System.Linq.Expressions;

namespace HyperBdr.Identity.Features.Tenants;

public sealed record TenantView(Guid Id, string Name, string Scene, bool Enabled, int Users, DateTimeOffset CreatedAt)
{
    internal static Expression<Func<Tenant, TenantView>> From(IdentityDb db) => t =>
        new TenantView(t.Id, t.Name, t.Scene, t.Enabled, db.Users.IgnoreQueryFilters().Count(u => u.TenantId == t.Id), t.CreatedAt);
}
