using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;

namespace HyperBdr.Identity.Features.Licences;

/// <summary>A licence as the API shows it.</summary>
/// <param name="InUse">Units that hosts have; one that was given back counts for 24 hours more.</param>
/// <param name="Days">Service life.</param>
/// <param name="Status"><c>valid</c> or <c>expired</c>.</param>
public sealed record LicenceView(Guid Id, Guid TenantId, string Kind, int Total, int InUse, int Days, string Status, string Origin, string ActivatedBy, DateTimeOffset ActivatedAt, DateTimeOffset ExpiresAt);

/// <summary>A row of the allocation log.</summary>
public sealed record LicenceLogView(Guid LicenceId, Guid HostId, string HostName, string Change, string Operator, DateTimeOffset At);

internal static class VisibleLicences
{
    /// <summary>Ant counts the same way (its licence units).</summary>
    private static readonly TimeSpan ReturnsAfter = TimeSpan.FromHours(24);

    /// <summary>A platform administrator sees all customers' licences, everybody else the own ones.</summary>
    public static IQueryable<Licence> VisibleLicencesOf(this IdentityDb db, CallContext call)
    {
        var tenant = call.TenantId;
        return call.Caller.Role == Roles.PlatformAdmin ? db.Licences : db.Licences.Where(l => l.TenantId == tenant);
    }

    public static IQueryable<LicenceView> Views(this IQueryable<Licence> licences, IdentityDb db, DateTimeOffset now)
    {
        var before = now - ReturnsAfter;
        return licences.Select(l => new LicenceView(
            l.Id, l.TenantId, l.Kind, l.Units, db.LicenceHolders.Count(h => h.LicenceId == l.Id && (h.ReleasedAt == null || h.ReleasedAt > before)),
            l.Days, l.ExpiresAt > now ? "valid" : "expired", l.Code, l.ActivatedBy, l.ActivatedAt, l.ExpiresAt));
    }
}
