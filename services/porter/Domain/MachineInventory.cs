using System.Collections.Immutable;

namespace HyperBdr.Porter.Domain;

/// <summary>What a machine is, as it says itself: texts are cut to a length and cleaned of control characters before they come here.</summary>
public sealed record MachineInventory(
    string HostName, string HardwareSerial, string OsName, string Kernel, string Architecture, string Firmware, int Cpus, long MemoryBytes, string BootId, string DataAddress,
    ImmutableArray<MachineDisk> Disks, ImmutableArray<MachineNic> Nics)
{
    /// <summary>Without what changes by itself: used space and the number of the present start.</summary>
    private MachineInventory Lasting => this with
    {
        BootId = "",
        Disks = [.. Disks.Select(d => d with { Volumes = [.. d.Volumes.Select(v => v with { UsedBytes = 0 })] })],
    };

    /// <summary>The same machine with the same parts; only what changes by itself may differ.</summary>
    public bool IsSameAs(MachineInventory other) => string.Equals(Text(Lasting), Text(other.Lasting), StringComparison.Ordinal);

    /// <summary>A network card of the other is here too. Machines without cards prove nothing and count as the same.</summary>
    public bool SharesNicWith(MachineInventory other)
    {
        var own = Macs(this);
        var others = Macs(other);
        return own.Count == 0 || others.Count == 0 || own.Overlaps(others);
    }

    private static HashSet<string> Macs(MachineInventory inventory) =>
        inventory.Nics.Select(n => n.Mac).Where(m => m.Length > 0 && m.Any(c => c is not ('0' or ':' or '-'))).ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static string Text(MachineInventory inventory) => System.Text.Json.JsonSerializer.Serialize(inventory, ServiceDefaults.Json.Options);
}

/// <summary>A whole disk; lengths in bytes.</summary>
public sealed record MachineDisk(string Id, string Device, long LengthBytes, bool Boot, bool Excluded, string PartitionTable, ImmutableArray<MachineVolume> Volumes);

/// <summary>A partition or logical volume.</summary>
public sealed record MachineVolume(string Device, long OffsetBytes, long LengthBytes, string FileSystem, string MountPoint, long UsedBytes, string Uuid);

public sealed record MachineNic(string Name, string Mac, ImmutableArray<string> Addresses);
