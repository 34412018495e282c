using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>Reads what the machine is, from the kernel's files and the disks' own first bytes.</summary>
/// <param name="onlyDevices">Device paths that are taken instead of what the machine has; empty for all.</param>
internal sealed class MachineInventory(IReadOnlyList<string> onlyDevices)
{
    private const int MaxDisks = 256;

    /// <param name="keptSerial">What the machine was known by before.</param>
    /// <param name="isExcluded">By the id of a disk.</param>
    public Contracts.Porter.V1.Inventory Read(string? keptSerial, Func<string, bool> isExcluded)
    {
        var facts = HostFacts.Read(keptSerial);
        facts.Disks.Add(Disks(isExcluded));
        return facts;
    }

    public IReadOnlyList<Disk> Disks(Func<string, bool> isExcluded)
    {
        var mounts = MountTable.Read();
        var boot = mounts.Where(m => m.Point is "/" or "/boot" or "/boot/efi").SelectMany(m => BlockDevices.DisksBelow(m.Device)).ToHashSet(StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        return [.. BlockDevices.Disks(onlyDevices).Take(MaxDisks).Select(d => DiskOf(d, mounts, boot.Contains(d.Name), taken, isExcluded))];
    }

    private static Disk DiskOf(BlockDevice device, IReadOnlyList<Mount> mounts, bool boot, HashSet<string> taken, Func<string, bool> isExcluded)
    {
        var head = DeviceHead.Read(device.Path);
        var table = PartitionTableId.Of(head);
        var label = table.Kind.Length == 0 ? VolumeLabel.Of(head) : VolumeLabel.None;
        var id = DiskIds.Distinct(DiskIds.Of(device, table, label), device, taken);
        var disk = new Disk { Id = id, Device = device.Path, LengthBytes = device.Length, Boot = boot, Excluded = isExcluded(id), PartitionTable = table.Kind };
        if (label.Kind.Length > 0) disk.Volumes.Add(VolumeOf(new BlockPartition(device.Name, device.Number, 0, device.Length), label, mounts));
        disk.Volumes.Add(BlockDevices.Partitions(device).Select(p => VolumeOf(p, VolumeLabel.Of(DeviceHead.Read(p.Path)), mounts)));
        return disk;
    }

    private static Volume VolumeOf(BlockPartition partition, VolumeLabel label, IReadOnlyList<Mount> mounts)
    {
        var mount = mounts.FirstOrDefault(m => m.Device == partition.Number || m.Source == partition.Path);
        return new Volume
        {
            Device = partition.Path,
            OffsetBytes = partition.Offset,
            LengthBytes = partition.Length,
            FileSystem = label.Kind.Length > 0 ? label.Kind : mount?.FileSystem ?? "",
            MountPoint = mount?.Point ?? "",
            UsedBytes = mount is null ? 0 : MountTable.Space(mount.Point)?.Used ?? 0,
            Uuid = label.Uuid,
        };
    }
}
