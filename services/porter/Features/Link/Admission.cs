using System.Collections.Concurrent;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Machines;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;
using Machine = HyperBdr.Porter.Domain.Machine;

namespace HyperBdr.Porter.Features.Link;

/// <summary>Decides whether a machine may hold a stream, and makes its record say so.</summary>
internal sealed class Admission(IServiceScopeFactory scopes, LinkRegistry links, TimeProvider time) : IDisposable
{
    public static readonly Error Malformed = new(ErrorKind.Validation, "porter.link.malformed", "The first message of a stream is Hello with the instance of the program, and Hello comes once.");
    private const int MaxInstanceLength = 64;
    private const int MostAttempts = 4;

    /// <summary>After an outage all machines come at once; the database is asked by so many at a time.</summary>
    private readonly SemaphoreSlim doors = new(16);

    /// <summary>A copied machine tries again and again: one event an hour tells enough.</summary>
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> told = new();

    /// <param name="Machine">As it is after the admission.</param>
    internal sealed record Admitted(Machine Machine, DateTimeOffset CertificateEnds);

    public async Task<Result<Admitted>> AdmitAsync(MachineIdentity identity, Hello hello, Guid session, CancellationToken ct)
    {
        if (hello.InstanceId is { Length: 0 or > MaxInstanceLength }) return Malformed;
        await doors.WaitAsync(ct);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await TryAsync(identity, hello, session, ct);
                }
                catch (DbUpdateConcurrencyException) when (attempt < MostAttempts)
                {
                    // An administrator, or another stream of this machine, changed the record at this moment.
                }
            }
        }
        finally
        {
            doors.Release();
        }
    }

    public void Dispose() => doors.Dispose();

    /// <summary>The machine said goodbye, and no newer stream has come since.</summary>
    public async Task LeftAsync(LinkSession session, CancellationToken ct)
    {
        await using var scope = ScopeOf(session.TenantId);
        var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
        var machine = await db.Machines.SingleOrDefaultAsync(m => m.Id == session.MachineId && m.SessionId == session.Id, ct);
        var now = time.GetUtcNow();
        if (machine?.Disconnect("its program was stopped", now) != true) return;
        db.StateChanged(machine, now);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Somebody else changed it: then the newer state counts.
        }
    }

    /// <summary>The machine says anew what it is.</summary>
    public async Task UpdateAsync(LinkSession session, Inventory inventory, CancellationToken ct)
    {
        await using var scope = ScopeOf(session.TenantId);
        var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
        if (await db.Machines.SingleOrDefaultAsync(m => m.Id == session.MachineId, ct) is not { } machine) return;
        if (machine.Update(inventory.ToOurs(), null, null)) db.InventoryChanged(machine, time.GetUtcNow());
        await db.SaveChangesAsync(ct);
    }

    private async Task<Result<Admitted>> TryAsync(MachineIdentity identity, Hello hello, Guid session, CancellationToken ct)
    {
        await using var scope = ScopeOf(identity.TenantId);
        var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
        var now = time.GetUtcNow();
        var found = await (from c in db.Certificates where c.Thumbprint == identity.Thumbprint && c.MachineId == identity.MachineId && c.ExpiresAt > now
            join m in db.Machines on c.MachineId equals m.Id select new { c.PublicKey, c.ExpiresAt, Machine = m }).SingleOrDefaultAsync(ct);
        if (found is null) return Machine.CertificateRevoked;
        var machine = found.Machine;
        var inventory = hello.Inventory?.ToOurs();
        if (inventory is { HardwareSerial.Length: > 0 } && machine.HardwareSerial.Length > 0 && inventory.HardwareSerial != machine.HardwareSerial) return await OtherHardwareAsync(db, machine, now, ct);

        var before = machine.Connect(hello.InstanceId, session, links.Replica, found.PublicKey, now);
        if (before.IsError) return await RefuseAsync(db, machine, before.Error, now, ct);
        if (before.Value != MachineAvailability.Active) db.StateChanged(machine, now);
        if (machine.Update(inventory ?? machine.Inventory, InventoryReading.Text(hello.Version), identity.Address)) db.InventoryChanged(machine, now);
        await db.SaveChangesAsync(ct);
        return new Admitted(machine, found.ExpiresAt);
    }

    private async Task<Error> RefuseAsync(PorterDb db, Machine machine, Error refusal, DateTimeOffset now, CancellationToken ct)
    {
        if (refusal != Machine.InQuarantine || !machine.IsServed) return refusal;
        machine.Quarantine(now);
        db.StateChanged(machine, now);
        db.Problem(machine, Machine.InQuarantine, now);
        await db.SaveChangesAsync(ct);
        links.Dismiss(machine.Id, Machine.InQuarantine);
        return refusal;
    }

    /// <summary>A restored or copied machine elsewhere must not disturb the original: it is refused, the original goes on.</summary>
    private async Task<Error> OtherHardwareAsync(PorterDb db, Machine machine, DateTimeOffset now, CancellationToken ct)
    {
        if (told.TryGetValue(machine.Id, out var last) && now - last < TimeSpan.FromHours(1)) return Machine.OtherHardware;
        told[machine.Id] = now;
        db.Problem(machine, Machine.OtherHardware, now);
        await db.SaveChangesAsync(ct);
        return Machine.OtherHardware;
    }

    private AsyncServiceScope ScopeOf(Guid tenant)
    {
        var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("porter", tenant);
        return scope;
    }
}
