using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Messaging;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Porter's machines become hosts here, and hosts follow what porter says of them.</summary>
internal sealed class MachineEvents(AntDb db, HostRows rows, TimeProvider time) :
    IEventHandler<MachineEnrolled>, IEventHandler<MachineStateChanged>, IEventHandler<MachineInventoryChanged>, IEventHandler<MachineRemoved>, IEventHandler<MachineProblem>
{
    public async Task HandleAsync(MachineEnrolled message, CancellationToken ct)
    {
        if (!IsHost(message.Kind)) return;
        if (await rows.LockAsync(message.MachineId, ct) is { } known) known.Reenrolled(message.Name);
        else db.Hosts.Add(ProtectedHost.Enrolled(message.MachineId, message.TenantId, message.Kind, message.Name, time.GetUtcNow()));
    }

    public async Task HandleAsync(MachineStateChanged message, CancellationToken ct)
    {
        var health = message.State switch
        {
            "active" => HostHealth.Active,
            "quarantined" => HostHealth.Quarantined,
            "revoked" => HostHealth.Revoked,
            _ => HostHealth.Disconnected,
        };
        if (await HostOfAsync(message.MachineId, message.Kind, message.Name, message.TenantId, ct) is { } host) host.BecomeHealthy(health, message.Name, message.Reason, message.OccurredAt);
    }

    public async Task HandleAsync(MachineInventoryChanged message, CancellationToken ct) =>
        (await HostOfAsync(message.MachineId, message.Kind, message.Name, message.TenantId, ct))?.InventoryChanged(message.Name, message.Version);

    public async Task HandleAsync(MachineRemoved message, CancellationToken ct) =>
        (await rows.LockAsync(message.MachineId, ct))?.BecomeHealthy(HostHealth.Removed, message.Name, "The machine's record was removed.", message.OccurredAt);

    public async Task HandleAsync(MachineProblem message, CancellationToken ct) =>
        (await rows.LockAsync(message.MachineId, ct))?.Report(new HostProblem(message.Code, message.Message, message.OccurredAt));

    /// <summary>One whose enrolment was never heard of (an older installation) is made up for.</summary>
    private async Task<ProtectedHost?> HostOfAsync(Guid id, string kind, string name, Guid tenant, CancellationToken ct)
    {
        if (!IsHost(kind)) return null;
        if (await rows.LockAsync(id, ct) is { } known) return known;
        return db.Hosts.Add(ProtectedHost.Enrolled(id, tenant, kind, name, time.GetUtcNow())).Entity;
    }

    /// <summary>Proxies and gateways serve hosts and are none.</summary>
    private static bool IsHost(string kind) => kind.Contains("agent", StringComparison.OrdinalIgnoreCase);
}

/// <summary>A tenant was switched off or on: its schedules pause or go on.</summary>
internal sealed class TenantSwitched(AntDb db) : IEventHandler<TenantStatusChanged>
{
    public async Task HandleAsync(TenantStatusChanged message, CancellationToken ct)
    {
        var paused = await db.PausedTenants.SingleOrDefaultAsync(t => t.Id == message.ChangedTenantId, ct);
        if (message.Enabled && paused is not null) db.PausedTenants.Remove(paused);
        if (!message.Enabled && paused is null) db.PausedTenants.Add(new PausedTenant { Id = message.ChangedTenantId });
    }
}
