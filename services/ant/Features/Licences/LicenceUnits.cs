using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Domain.Licences;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Licences;

/// <summary>What a host has of a licence, and what it could have.</summary>
/// <param name="ExpiresAt">Of the licence that its unit is of; null while it has none.</param>
internal sealed record LicenceLook(DateTimeOffset? ExpiresAt, int Free);

/// <summary>Gives units to hosts: one each from its first sync on, of the licence that expires first.</summary>
internal sealed class LicenceUnits(AntDb db, TimeProvider time)
{
    /// <summary>Makes sure that the host has a unit. The caller holds the tenant's lock and an open transaction.</summary>
    /// <returns>Why it gets none; null when it has one.</returns>
    public async Task<Error?> TakeAsync(ProtectedHost host, string by, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var licences = await db.Licences.Where(l => l.Kind == Licence.Dr).OrderBy(l => l.ExpiresAt).ThenBy(l => l.Id).ToListAsync(ct);
        if (licences.Exists(l => now < l.SeenAt - Licence.ClockMayGoBack)) return Licence.ClockPutBack;
        var unit = await db.LicenceUnits.SingleOrDefaultAsync(u => u.HostId == host.Id, ct);
        var own = unit is null ? null : licences.Find(l => l.Id == unit.LicenceId && l.IsValid(now));
        if (own is not null && (unit!.ReleasedAt is null || IsTaken(unit, now)))
        {
            if (unit.ReleasedAt is not null) Give(host, own, unit, by, now);
            Seen(own, now);
            return null;
        }

        foreach (var licence in licences.Where(l => l.IsValid(now)))
        {
            if (await UsedAsync(licence.Id, host.Id, now, ct) >= licence.Units) continue;
            Give(host, licence, unit, by, now);
            Seen(licence, now);
            // The next host of this transaction counts it.
            await db.SaveChangesAsync(ct);
            return null;
        }

        return Licence.Insufficient;
    }

    /// <summary>The host was deregistered.</summary>
    public async Task ReleaseAsync(ProtectedHost host, string by, CancellationToken ct)
    {
        if (await db.LicenceUnits.SingleOrDefaultAsync(u => u.HostId == host.Id, ct) is not { ReleasedAt: null } unit) return;
        var now = time.GetUtcNow();
        unit.ReleasedAt = now;
        db.Add(Changed(host, unit.LicenceId, "released", by, now));
    }

    public async Task<LicenceLook> LookAsync(Guid hostId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var valid = await db.Licences.AsNoTracking().Where(l => l.Kind == Licence.Dr && l.StartsAt <= now && l.ExpiresAt > now).ToListAsync(ct);
        var unit = await db.LicenceUnits.AsNoTracking().SingleOrDefaultAsync(u => u.HostId == hostId && u.ReleasedAt == null, ct);
        var free = 0;
        foreach (var licence in valid) free += Math.Max(0, licence.Units - await UsedAsync(licence.Id, hostId, now, ct));
        return new LicenceLook(valid.Find(l => l.Id == unit?.LicenceId)?.ExpiresAt, free);
    }

    private Task<int> UsedAsync(Guid licence, Guid butFor, DateTimeOffset now, CancellationToken ct)
    {
        var before = now - Licence.ReturnsAfter;
        return db.LicenceUnits.CountAsync(u => u.LicenceId == licence && u.HostId != butFor && (u.ReleasedAt == null || u.ReleasedAt > before), ct);
    }

    private static bool IsTaken(LicenceUnit unit, DateTimeOffset now) => unit.ReleasedAt is not { } at || at > now - Licence.ReturnsAfter;

    private void Give(ProtectedHost host, Licence licence, LicenceUnit? unit, string by, DateTimeOffset now)
    {
        if (unit is null) db.LicenceUnits.Add(unit = new LicenceUnit { HostId = host.Id, TenantId = host.TenantId, LicenceId = licence.Id, TakenAt = now });
        (unit.LicenceId, unit.TakenAt, unit.ReleasedAt) = (licence.Id, now, null);
        db.Add(Changed(host, licence.Id, "taken", by, now));
    }

    private static void Seen(Licence licence, DateTimeOffset now)
    {
        if (now > licence.SeenAt + TimeSpan.FromHours(1)) licence.SeenAt = now;
    }

    private static LicenceUnitChanged Changed(ProtectedHost host, Guid licence, string change, string by, DateTimeOffset now) =>
        new(licence, host.Id, host.Name, change, by) { TenantId = host.TenantId, OccurredAt = now };
}
