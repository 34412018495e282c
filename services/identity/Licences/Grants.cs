using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;

namespace HyperBdr.Identity.Licences;

/// <summary>Adds a licence with its event; the caller saves.</summary>
internal static class Grants
{
    public static Licence AddLicence(this IdentityDb db, Guid tenant, ActivationGrant grant, string by, DateTimeOffset now)
    {
        var licence = new Licence
        {
            Id = Guid.CreateVersion7(now), TenantId = tenant, Kind = grant.Kind, Units = grant.Units, Days = grant.Days, Code = grant.Id,
            ActivatedAt = now, ExpiresAt = now.AddDays(grant.Days), ActivatedBy = by,
        };
        db.Licences.Add(licence);
        db.Add(new LicenceGranted(licence.Id, licence.Kind, licence.Units, licence.ActivatedAt, licence.ExpiresAt, licence.Code) { TenantId = tenant, OccurredAt = now });
        return licence;
    }

    /// <summary>What a new customer begins with.</summary>
    public static void AddEvaluation(this IdentityDb db, Guid tenant, LicenceOptions options, DateTimeOffset now)
    {
        if (options.EvaluationUnits > 0) db.AddLicence(tenant, new ActivationGrant(Licence.EvaluationCode, "", "dr", options.EvaluationUnits, options.EvaluationDays), "system", now);
    }
}
