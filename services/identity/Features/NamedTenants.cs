using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;

namespace HyperBdr.Identity.Features;

/// <summary>The customers; the platform's own row is not one of them.</summary>
internal static class NamedTenants
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "identity.tenant.not_found", "No such tenant.");

    public static IQueryable<Tenant> CustomersOf(IdentityDb db) => db.Tenants.Where(t => t.Id != Contracts.Security.Tenants.Platform);
}
