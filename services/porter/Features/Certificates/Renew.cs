using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Errors;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Certificates;

/// <summary>A new certificate for a machine whose present one is old enough. The old one holds until its end: the answer may be lost.</summary>
internal static class Renew
{
    public static readonly Error TooEarly = new(ErrorKind.Conflict, "porter.certificate.too_early", "This certificate is not old enough to be renewed.");

    internal sealed class Handler(PorterDb db, CallContext call, TenantAuthorities authorities, TimeProvider time)
    {
        public async Task<Result<MachineCertificate>> HandleAsync(MachineIdentity? identity, PublicKey key, CancellationToken ct)
        {
            if (identity is null) return Machine.CertificateRevoked;
            call.Record?.Concerns("machine", identity.MachineId, null);
            var now = time.GetUtcNow();
            var present = await db.Certificates.SingleOrDefaultAsync(c => c.Thumbprint == identity.Thumbprint && c.MachineId == identity.MachineId && c.ExpiresAt > now, ct);
            var machine = await db.Machines.SingleOrDefaultAsync(m => m.Id == identity.MachineId, ct);
            if (present is null || machine is null || machine.Availability == MachineAvailability.Revoked) return Machine.CertificateRevoked;
            if (machine.Availability == MachineAvailability.Quarantined) return Machine.InQuarantine;
            if (now - present.IssuedAt < Issuing.RenewalAge) return TooEarly;

            var authority = await authorities.ForAsync(identity.TenantId, ct);
            if (authority.IsError) return authority.Error;
            var renewed = Issuing.ForMachine(authority.Value, identity.TenantId, identity.MachineId, key, now);
            db.Certificates.RemoveRange(await db.Certificates.Where(c => c.MachineId == identity.MachineId && c.ExpiresAt <= now).ToListAsync(ct));
            db.Certificates.Add(renewed);
            await db.SaveChangesAsync(ct);
            return renewed;
        }
    }
}
