using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Porter.Domain;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>What porter tells the other services of a machine.</summary>
internal static class MachineEvents
{
    public static void StateChanged(this IOutbox outbox, Machine machine, DateTimeOffset now) =>
        outbox.Add(new MachineStateChanged(machine.Id, machine.Kind.Word(), machine.Name, machine.Availability.Word(), machine.Reason) { TenantId = machine.TenantId, OccurredAt = now });

    public static void InventoryChanged(this IOutbox outbox, Machine machine, DateTimeOffset now) =>
        outbox.Add(new MachineInventoryChanged(machine.Id, machine.Kind.Word(), machine.Name, machine.AgentVersion) { TenantId = machine.TenantId, OccurredAt = now });

    public static void Problem(this IOutbox outbox, Machine machine, Error problem, DateTimeOffset now) =>
        outbox.Add(new MachineProblem(machine.Id, machine.Name, problem.Code, problem.Message) { TenantId = machine.TenantId, OccurredAt = now });
}
