using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Users;

/// <summary>A tenant, and the platform, that has an administrator keeps one.</summary>
internal sealed class LastAdministrator(IdentityDb db)
{
    public static readonly Error IsLast = new(ErrorKind.Conflict, "identity.user.last_admin", "This is the last enabled administrator; make another one first.");

    /// <summary>Call before an account stops being an enabled administrator; the change must be saved with the same context.</summary>
    /// <remarks>The tenant's row, read before the others are counted, takes part in the change: of two such changes at once only one is saved.</remarks>
    public async Task<Error?> RefusesAsync(User user, CancellationToken ct)
    {
        if (!user.IsAdministrator || !user.Enabled) return null;
        var others = await db.Users.IgnoreQueryFilters().AnyAsync(u => u.TenantId == user.TenantId && u.Id != user.Id && u.Role == user.Role && u.Enabled, ct);
        if (!others) return IsLast;
        user.Tenant.AdministratorChanges++;
        return null;
    }
}
