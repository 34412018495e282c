using System.Text.Json;
using HyperBdr.Porter.Domain;
using Wire = HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>The words of kinds and states on the wire and in events.</summary>
internal static class MachineWords
{
    public static MachineKind? ToOurs(this Wire.MachineKind kind) => kind switch
    {
        Wire.MachineKind.LinuxAgent => MachineKind.LinuxAgent,
        Wire.MachineKind.WindowsAgent => MachineKind.WindowsAgent,
        Wire.MachineKind.SyncProxy => MachineKind.SyncProxy,
        Wire.MachineKind.SyncGateway => MachineKind.SyncGateway,
        _ => null,
    };

    public static Wire.MachineKind ToWire(this MachineKind kind) => kind switch
    {
        MachineKind.LinuxAgent => Wire.MachineKind.LinuxAgent,
        MachineKind.WindowsAgent => Wire.MachineKind.WindowsAgent,
        MachineKind.SyncProxy => Wire.MachineKind.SyncProxy,
        _ => Wire.MachineKind.SyncGateway,
    };

    public static string Word(this MachineKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    public static string Word(this MachineAvailability availability) => JsonNamingPolicy.SnakeCaseLower.ConvertName(availability.ToString());

    public static Wire.AgentSettings ToWire(this MachineSettings settings)
    {
        var wire = new Wire.AgentSettings { Revision = settings.Revision, CpuPercent = settings.CpuPercent, ExcludedDiskIds = { settings.ExcludedDiskIds } };
        foreach (var value in settings.Values) wire.Values[value.Name] = value.Value;
        return wire;
    }
}
