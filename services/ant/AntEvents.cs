using HyperBdr.Ant.Features.Hosts;
using HyperBdr.Ant.Features.Licences;
using HyperBdr.Ant.Features.Tasks;
using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Messaging;

namespace HyperBdr.Ant;

/// <summary>What ant does on events; the migrations step makes its queues from this.</summary>
public static class AntEvents
{
    public static void Handle(EventHandlers events) => events
        .Add<PoolRegistered, ProbeAsked>()
        .Add<PoolUpdated, ProbeAsked>()
        .Add<PoolProbeRequested, ProbeAsked>()
        .Add<MachineEnrolled, MachineEvents>()
        .Add<MachineStateChanged, MachineEvents>()
        .Add<MachineInventoryChanged, MachineEvents>()
        .Add<MachineRemoved, MachineEvents>()
        .Add<MachineProblem, MachineEvents>()
        .Add<TenantStatusChanged, TenantSwitched>()
        .Add<LicenceGranted, LicenceHeard>();
}
