using HyperBdr.LinuxAgent.Inventory;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>What of the kernel's block devices a disk to protect is; the kernel's files as such machines have them.</summary>
public sealed class InventoryTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("hyperbdr-sysfs-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Disks_are_protected_and_volumes_on_them_and_removable_and_virtual_devices_are_not()
    {
        foreach (var name in (string[])["sda", "nvme0n1", "vdb", "xvdc", "mmcblk0", "cciss!c0d0"]) Device(name, hardware: true);
        foreach (var name in (string[])["sr0", "fd0", "nbd0"]) Device(name, hardware: true);
        foreach (var name in (string[])["loop0", "ram0", "zram0", "md0", "md127"]) Device(name, hardware: false);
        // LVM on two disks, crypt on LVM: their bytes are the disks' bytes.
        Mapped("dm-0", "LVM-3Fh2", "sda", "vdb");
        Mapped("dm-1", "CRYPT-LUKS2-77", "dm-0");
        Device("sdz", hardware: true, sectors: 0);

        Names().ShouldBe(["cciss!c0d0", "mmcblk0", "nvme0n1", "sda", "vdb", "xvdc"]);
        BlockDevices.Disks([], root)[0].Path.ShouldBe("/dev/cciss/c0d0");
    }

    [Fact]
    public void A_multipath_disk_is_one_disk_however_many_paths_lead_to_it()
    {
        foreach (var name in (string[])["sda", "sdb", "sdc"]) Device(name, hardware: true);
        Mapped("dm-0", "mpath-3600508b400105e210000900000490000", "sdb", "sdc");
        // A partition on it and a volume on that are volumes.
        Mapped("dm-1", "part1-mpath-3600508b400105e210000900000490000", "dm-0");
        Mapped("dm-2", "LVM-9x", "dm-1");

        Names().ShouldBe(["dm-0", "sda"]);
        var disk = BlockDevices.Disks([], root)[0];
        DiskIds.Of(disk, PartitionTableId.None, VolumeLabel.None).ShouldBe("mpath-3600508b400105e210000900000490000");
    }

    private string[] Names() => [.. BlockDevices.Disks([], root).Select(d => d.Name)];

    private void Device(string name, bool hardware, long sectors = 2048)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "size"), $"{sectors}\n");
        File.WriteAllText(Path.Combine(folder, "dev"), "8:0\n");
        Directory.CreateDirectory(Path.Combine(folder, "holders"));
        if (hardware) Directory.CreateDirectory(Path.Combine(folder, "device"));
    }

    private void Mapped(string name, string uuid, params string[] below)
    {
        Device(name, hardware: false);
        Directory.CreateDirectory(Path.Combine(root, name, "dm"));
        File.WriteAllText(Path.Combine(root, name, "dm", "uuid"), uuid + "\n");
        foreach (var disk in below) Directory.CreateDirectory(Path.Combine(root, disk, "holders", name));
    }
}
