using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Users;

/// <summary>Which accounts and keys a caller may know of: those of the own tenant, or all for the platform administrator.</summary>
internal static class VisibleUsers
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "identity.user.not_found", "No such user.");
    public static readonly Error Self = new(ErrorKind.Conflict, "identity.user.self", "Not for your own account.");

    public static bool SeesAllTenants(this CallContext call) => call.Caller.Role == Roles.PlatformAdmin;

    public static IQueryable<User> VisibleUsersOf(this IdentityDb db, CallContext call) =>
        (call.SeesAllTenants() ? db.Users.IgnoreQueryFilters() : db.Users).Include(u => u.Tenant);

    public static IQueryable<AccessKey> VisibleKeysOf(this IdentityDb db, CallContext call) =>
        (call.SeesAllTenants() ? db.AccessKeys.IgnoreQueryFilters() : db.AccessKeys).Include(k => k.User);

    /// <summary>A pattern that finds the text anywhere, whatever the case.</summary>
    public static string Containing(string text) =>
        $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
