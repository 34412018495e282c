using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Certificates;
using HyperBdr.Porter.Features.Commands;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Features.Machines;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>Uses a token up: a machine gets its record and its certificate, or goes on with the record of an earlier installation on the same hardware.</summary>
/// <remarks>Every refusal of a token reads the same, so that a guess learns nothing. The secret alone says which tenant the machine belongs to.</remarks>
internal static class Enroll
{
    public static readonly Error NoKind = new(ErrorKind.Validation, "porter.machine.unknown_kind", "A machine says which kind it is.");
    public static readonly Error Cloned = new(ErrorKind.Conflict, "porter.machine.cloned", "A machine with the same hardware serial number and other network cards has enrolled: one of the two is a copy.");

    /// <param name="Certificate">What it may show from now on.</param>
    /// <param name="Authority">DER of the installation's authority.</param>
    internal sealed record Enrolled(Guid MachineId, MachineCertificate Certificate, byte[] Authority, bool TookOver);

    internal sealed record Request(string Token, MachineKind Kind, PublicKey Key, MachineInventory Inventory, string Version)
    {
        public byte[] KeyHash { get; } = SHA256.HashData(Key.ExportSubjectPublicKeyInfo());
    }

    internal sealed class Handler(PorterDb db, IOutbox outbox, CallContext call, TenantAuthorities authorities, InstallationAuthority installation, LinkRegistry links, TimeProvider time)
    {
        public async Task<Result<Enrolled>> HandleAsync(Request request, CancellationToken ct)
        {
            if (await FindAsync(request.Token, ct) is not { } token) return EnrolmentToken.NotUsable;
            // A machine that enrols has no tenant yet: the token gives it one, for rows and for the audit entry.
            call.Caller = call.Caller with { TenantId = token.TenantId, Name = $"enrolment token {token.Name}" };
            if (token.StateAt(time.GetUtcNow()) != EnrolmentTokenState.Active) return await AgainAsync(token, request, ct);

            var authority = await authorities.ForAsync(token.TenantId, ct);
            if (authority.IsError) return authority.Error;
            try
            {
                return await ClaimAsync(token, request, authority.Value, ct);
            }
            catch (DbUpdateConcurrencyException)
            {
                // Another machine, a revocation, or the same machine a moment earlier.
                db.ChangeTracker.Clear();
                return await FindAsync(request.Token, ct) is { } now ? await AgainAsync(now, request, ct) : EnrolmentToken.NotUsable;
            }
        }

        private Task<EnrolmentToken?> FindAsync(string secret, CancellationToken ct)
        {
            var hash = EnrolmentToken.HashOf(secret);
            return db.EnrolmentTokens.IgnoreQueryFilters().SingleOrDefaultAsync(t => t.SecretHash == hash, ct);
        }

        /// <summary>The first answer may have been lost: the same key gets the same certificate.</summary>
        private async Task<Result<Enrolled>> AgainAsync(EnrolmentToken token, Request request, CancellationToken ct)
        {
            if (!token.WasUsedWith(request.KeyHash, time.GetUtcNow())) return EnrolmentToken.NotUsable;
            var key = request.Key.ExportSubjectPublicKeyInfo();
            var certificate = await db.Certificates.AsNoTracking().Where(c => c.MachineId == token.MachineId && c.PublicKey == key).OrderByDescending(c => c.IssuedAt).FirstOrDefaultAsync(ct);
            if (certificate is null) return EnrolmentToken.NotUsable;
            call.Record?.Concerns("machine", certificate.MachineId, null);
            return Answer(certificate, tookOver: false);
        }

        private async Task<Result<Enrolled>> ClaimAsync(EnrolmentToken token, Request request, X509Certificate2 authority, CancellationToken ct)
        {
            var now = time.GetUtcNow();
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            // Two installations on one machine at once must not become two records.
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"{token.TenantId}/{request.Inventory.HardwareSerial}"}, 0))", ct);
            var (machine, tookOver) = await MachineForAsync(token.TenantId, request, now, ct);
            var claimed = token.Claim(machine.Id, request.KeyHash, now);
            if (claimed.IsError) return claimed.Error;
            var certificate = Issuing.ForMachine(authority, token.TenantId, machine.Id, request.Key, now);
            db.Certificates.Add(certificate);
            call.Record?.Concerns("machine", machine.Id, machine.Name);
            outbox.Add(new MachineEnrolled(machine.Id, machine.Kind.Word(), machine.Name, machine.HardwareSerial, tookOver) { TenantId = machine.TenantId, OccurredAt = now });
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            if (tookOver) links.Dismiss(machine.Id, Machine.CertificateRevoked);
            return Answer(certificate, tookOver);
        }

        private async Task<(Machine Machine, bool TookOver)> MachineForAsync(Guid tenant, Request request, DateTimeOffset now, CancellationToken ct)
        {
            var serial = request.Inventory.HardwareSerial;
            var key = request.Key.ExportSubjectPublicKeyInfo();
            var same = serial.Length == 0 ? [] : await db.Machines.Where(m => m.HardwareSerial == serial && m.Kind == request.Kind).OrderByDescending(m => m.EnrolledAt).ToListAsync(ct);
            if (same.Find(m => m.Inventory.SharesNicWith(request.Inventory)) is { } old)
            {
                old.TakeOver(request.Inventory, request.Version, key, now);
                db.Certificates.RemoveRange(await db.Certificates.Where(c => c.MachineId == old.Id).ToListAsync(ct));
                // What was sealed to the old key cannot be opened by the new installation.
                await OpenCommands.EndAsync(db, old.Id, "porter.machine.reinstalled", "The machine was installed anew.", now, ct);
                return (old, true);
            }

            var machine = Machine.Enrol(tenant, request.Kind, request.Inventory, request.Version, key, now);
            db.Machines.Add(machine);
            if (same.Count > 0) outbox.Problem(machine, Cloned, now);
            return (machine, false);
        }

        private Result<Enrolled> Answer(MachineCertificate certificate, bool tookOver)
        {
            var root = installation.Read();
            if (root.IsError) return root.Error;
            using var authority = root.Value;
            return new Enrolled(certificate.MachineId, certificate, authority.RawData, tookOver);
        }
    }
}
