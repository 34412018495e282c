using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Ant.Scheduling;

/// <summary>Reads from porter what a machine is, after it said that it changed.</summary>
internal sealed class MachineFacts(AntDb db, HostRows rows, Machines.MachinesClient machines, TimeProvider time)
{
    public async Task ReadAsync(Guid hostId, CancellationToken ct)
    {
        var machine = await Remote.AskAsync("The registry of machines", () =>
            machines.GetMachineAsync(new GetMachineRequest { MachineId = hostId.ToString() }, cancellationToken: ct, deadline: time.GetUtcNow().AddSeconds(10).UtcDateTime).ResponseAsync, ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await rows.LockAsync(hostId, ct) is not { } host) return;
        host.Learn(machine.IsError ? host.Facts ?? Of(new Inventory()) : Of(machine.Value.Inventory ?? new Inventory()));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private static HostFacts Of(Inventory i) => new(
        i.OsName, i.Firmware, i.Cpus, i.MemoryBytes, i.Disks.Count, i.Disks.Sum(d => d.LengthBytes),
        [.. i.Nics.SelectMany(n => n.Addresses).Take(64)], [.. i.Nics.Select(n => n.Mac).Where(m => m.Length > 0).Take(64)])
    {
        Disks = DiskSet.Of(i.Disks),
    };
}
