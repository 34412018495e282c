using HyperBdr.Porter.Domain;
using Wire = HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>Between the wire's form of an inventory and ours. What a machine says is cut, never trusted: lengths, counts, control characters.</summary>
internal static class InventoryReading
{
    private const int MaxText = 256;
    private const int MaxDisks = 256;
    private const int MaxVolumes = 128;
    private const int MaxNics = 128;
    private const int MaxAddresses = 32;

    public static MachineInventory ToOurs(this Wire.Inventory? said)
    {
        var i = said ?? new Wire.Inventory();
        return new MachineInventory(
            Text(i.HostName), Text(i.HardwareSerial), Text(i.OsName), Text(i.Kernel), Text(i.Architecture), Text(i.Firmware), Math.Max(0, i.Cpus), Math.Max(0, i.MemoryBytes), Text(i.BootId), Text(i.DataAddress),
            [.. i.Disks.Take(MaxDisks).Select(d => new MachineDisk(Text(d.Id), Text(d.Device), Math.Max(0, d.LengthBytes), d.Boot, d.Excluded, Text(d.PartitionTable),
                [.. d.Volumes.Take(MaxVolumes).Select(v => new MachineVolume(Text(v.Device), Math.Max(0, v.OffsetBytes), Math.Max(0, v.LengthBytes), Text(v.FileSystem), Text(v.MountPoint), Math.Max(0, v.UsedBytes), Text(v.Uuid)))]))],
            [.. i.Nics.Take(MaxNics).Select(n => new MachineNic(Text(n.Name), Text(n.Mac), [.. n.Addresses.Take(MaxAddresses).Select(Text)]))]);
    }

    public static Wire.Inventory ToWire(this MachineInventory ours) => new()
    {
        HostName = ours.HostName,
        HardwareSerial = ours.HardwareSerial,
        OsName = ours.OsName,
        Kernel = ours.Kernel,
        Architecture = ours.Architecture,
        Firmware = ours.Firmware,
        Cpus = ours.Cpus,
        MemoryBytes = ours.MemoryBytes,
        BootId = ours.BootId,
        DataAddress = ours.DataAddress,
        Disks = { ours.Disks.Select(ToWire) },
        Nics = { ours.Nics.Select(n => new Wire.Nic { Name = n.Name, Mac = n.Mac, Addresses = { n.Addresses } }) },
    };

    /// <summary>Printable text of a bounded length.</summary>
    public static string Text(string said)
    {
        var cut = said.AsSpan(0, Math.Min(said.Length, MaxText)).Trim();
        foreach (var c in cut)
            if (char.IsControl(c) || char.IsSurrogate(c)) return string.Concat(cut.ToString().Where(k => !char.IsControl(k) && !char.IsSurrogate(k)));
        return cut.ToString();
    }

    private static Wire.Disk ToWire(MachineDisk d) => new()
    {
        Id = d.Id,
        Device = d.Device,
        LengthBytes = d.LengthBytes,
        Boot = d.Boot,
        Excluded = d.Excluded,
        PartitionTable = d.PartitionTable,
        Volumes =
        {
            d.Volumes.Select(v => new Wire.Volume
            {
                Device = v.Device, OffsetBytes = v.OffsetBytes, LengthBytes = v.LengthBytes, FileSystem = v.FileSystem, MountPoint = v.MountPoint, UsedBytes = v.UsedBytes, Uuid = v.Uuid,
            }),
        },
    };
}
