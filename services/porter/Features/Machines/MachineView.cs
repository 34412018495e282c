using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Link;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>A machine as a list shows it.</summary>
/// <param name="Reason">Why it is not active.</param>
/// <param name="DiskBytes">All disks together.</param>
internal sealed record MachineRow(
    Guid Id, MachineKind Kind, string Name, MachineAvailability Availability, string? Reason, string Version, string OsName, string Kernel, string Architecture, string? Address,
    int Cpus, long MemoryBytes, int DiskCount, long DiskBytes, DateTimeOffset EnrolledAt, DateTimeOffset? ConnectedAt, DateTimeOffset? LastSeenAt)
{
    public static MachineRow Of(Machine machine, Presence? presence) => new(
        machine.Id, machine.Kind, machine.Name, machine.Availability, machine.Reason, machine.AgentVersion, machine.Inventory.OsName, machine.Inventory.Kernel, machine.Inventory.Architecture, machine.Address,
        machine.Inventory.Cpus, machine.Inventory.MemoryBytes, machine.Inventory.Disks.Length, machine.Inventory.Disks.Sum(d => d.LengthBytes), machine.EnrolledAt, machine.ConnectedAt, presence?.LastSeenAt ?? machine.ConnectedAt);
}

/// <summary>All that is known of a machine.</summary>
/// <param name="AgentMemoryBytes">Of its own program, by its last beat.</param>
/// <param name="Conditions">What is not as it should be on it now, by its last beat; empty when all is well or it is not connected to the process that answers.</param>
/// <param name="DataAddress">Where other machines reach the data service of a sync gateway.</param>
internal sealed record MachineDetail(MachineRow Machine, MachineInventory Inventory, MachineSettings Settings, long? AgentMemoryBytes, float? AgentCpuPercent, string? DataAddress, IReadOnlyList<MachineCondition> Conditions)
{
    public static MachineDetail Of(Machine machine, Presence? presence, IReadOnlyList<MachineCondition> conditions) =>
        new(MachineRow.Of(machine, presence), machine.Inventory, machine.Settings, presence?.MemoryBytes, presence?.CpuPercent, DataAddresses.Of(machine), conditions);
}

/// <summary>Where a sync gateway serves data.</summary>
internal static class DataAddresses
{
    public const string Setting = "DataAddress";
    private const int StandardPort = 13260;

    /// <summary>What an administrator set, else what the gateway says, else the address that it connects from; null for other machines.</summary>
    public static string? Of(Machine machine)
    {
        if (machine.Kind != MachineKind.SyncGateway) return null;
        if (machine.Settings.Values.FirstOrDefault(v => v.Name == Setting) is { Value.Length: > 0 } set) return set.Value;
        var said = machine.Inventory.DataAddress;
        if (said.Length > 0 && said[0] != ':') return said;
        if (machine.Address is not { Length: > 0 } address) return null;
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        return said.Length > 1 ? host + said : $"{host}:{StandardPort}";
    }
}
