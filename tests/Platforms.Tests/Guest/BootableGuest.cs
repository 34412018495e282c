using System.Buffers.Binary;
using System.Globalization;
using System.Reflection;

namespace HyperBdr.Platforms.Tests.Guest;

/// <summary>A small Linux on a disk that boots with BIOS and with UEFI: the distribution's cloud kernel, busybox and GRUB, made without rights of root and kept under <c>.build</c>.</summary>
/// <remarks>1 MiB: BIOS boot partition with GRUB's core; 2 MiB: FAT with GRUB for UEFI; then ext4 with kernel, RAM disk, the guest agent and some bytes to read.</remarks>
internal static class BootableGuest
{
    public const int Mebibytes = 96;
    public const long Bytes = (long)Mebibytes << 20;
    private const int Sector = 512;
    private const int CoreSector = 2048;
    private const int EfiSector = 2 * 2048;
    private const int EfiSectors = 34 * 2048;
    private const int RootSector = EfiSector + EfiSectors;
    private const string Modules = "virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk failover net_failover virtio_net virtio_console button evdev";
    private const string GrubModules = "part_gpt ext2 fat normal configfile linux search search_label serial terminal";

    private static readonly string Script = ReadScript();

    public static string Disk => In("disk.raw");

    private static string Folder { get; } = Path.Combine(Root(), ".build", "boot-guest");

    public static async Task BuildAsync()
    {
        var complete = In("complete");
        if (File.Exists(complete) && await File.ReadAllTextAsync(complete) == Script) return;
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
        foreach (var name in new[] { "ram/bin", "ram/m", "ram/proc", "ram/sys", "ram/dev", "ram/disk", "root/srv", "root/agent", "root/dev", "root/proc", "root/boot/grub" }) Directory.CreateDirectory(In(name));
        await FetchAsync();
        await BuildRamDiskAsync();
        await BuildRootAsync();
        await BuildDiskAsync();
        foreach (var used in new[] { "ram", "root", "k", "q" }) Directory.Delete(In(used), recursive: true);
        await File.WriteAllTextAsync(complete, Script);
    }

    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "HyperBdr.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }

    private static async Task FetchAsync()
    {
        // "  Depends: linux-image-6.1.0-56-cloud-amd64": the metapackage names the newest kernel.
        var kernel = (await Tool.RunAsync("apt-cache", "depends", "linux-image-cloud-amd64")).Split('\n').First(l => l.Contains("Depends: ", StringComparison.Ordinal)).Split(": ")[1].Trim();
        await ShellAsync($"apt-get -q -o APT::Sandbox::User=root download {kernel} qemu-guest-agent; dpkg -x {kernel}_*.deb k; dpkg -x qemu-guest-agent_*.deb q; rm *.deb");
    }

    private static async Task BuildRamDiskAsync()
    {
        await File.WriteAllTextAsync(In("ram/init"), Script.Replace("@MODULES@", Modules, StringComparison.Ordinal));
        await ShellAsync($"chmod 755 ram/init; cp /bin/busybox ram/bin/; for m in {Modules}; do find k/lib/modules -name $m.ko -exec cp {{}} ram/m/ \\; ; done; cp k/boot/vmlinuz-* root/boot/vmlinuz; (cd ram && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >root/boot/initrd");
    }

    private static async Task BuildRootAsync()
    {
        await File.WriteAllTextAsync(In("root/srv/marker"), "point-7\n");
        await File.WriteAllTextAsync(In("root/srv/boots"), "0\n");
        var random = new Random(7);
        for (var i = 0; i < 8; i++)
        {
            var part = new byte[512 * 1024];
            random.NextBytes(part);
            await File.WriteAllBytesAsync(In("root/srv/part" + i.ToString(CultureInfo.InvariantCulture)), part);
        }

        await File.WriteAllTextAsync(In("root/boot/grub/grub.cfg"), "set timeout=0\nset default=0\nmenuentry Guest {\n linux /boot/vmlinuz console=tty0 console=ttyS0,115200n8 net.ifnames=0 quiet panic=-1\n initrd /boot/initrd\n}\n");
        await ShellAsync("cp q/usr/sbin/qemu-ga root/agent/; for l in $(ldd q/usr/sbin/qemu-ga | grep -o '/[^ ]*'); do mkdir -p root$(dirname $l); cp -L $l root$l; done");
    }

    private static async Task BuildDiskAsync()
    {
        var rootSectors = Mebibytes * 2048 - RootSector - 2048;
        await File.WriteAllTextAsync(In("layout"), $"""
            label: gpt
            start={CoreSector},size=2048,type=21686148-6449-6E6F-744E-656564454649
            start={EfiSector},size={EfiSectors},type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
            start={RootSector},size={rootSectors},type=0FC63DAF-8483-4772-8E79-3D69D8477DE4

            """);
        await File.WriteAllTextAsync(In("early.cfg"), "search --no-floppy --label guest --set=root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n");
        await ShellAsync($"""
            truncate -s {Mebibytes}M disk.raw; sfdisk -q disk.raw <layout
            mke2fs -q -t ext4 -L guest -d root -E offset={RootSector * Sector},lazy_itable_init=1,nodiscard disk.raw {rootSectors / 2}k
            grub-mkimage -O i386-pc -p /boot/grub -c early.cfg -o core.img biosdisk {GrubModules}
            grub-mkimage -O x86_64-efi -p /boot/grub -c early.cfg -o bootx64.efi efi_gop {GrubModules}
            truncate -s {EfiSectors / 2}K esp.img; mformat -i esp.img -F ::; mmd -i esp.img ::/EFI ::/EFI/BOOT; mcopy -i esp.img bootx64.efi ::/EFI/BOOT/BOOTX64.EFI
            dd if=esp.img of=disk.raw bs=1M seek=2 conv=notrunc,sparse status=none; rm esp.img
            """);
        await InstallGrubAsync();
    }

    /// <summary>What grub-bios-setup does, without a device: boot.img before the partition table, which loads core.img from its partition.</summary>
    private static async Task InstallGrubAsync()
    {
        var boot = await File.ReadAllBytesAsync("/usr/lib/grub/i386-pc/boot.img");
        var core = await File.ReadAllBytesAsync(In("core.img"));
        BinaryPrimitives.WriteUInt64LittleEndian(boot.AsSpan(0x5C), CoreSector);
        // Trust the drive that the BIOS names.
        BinaryPrimitives.WriteUInt16LittleEndian(boot.AsSpan(0x66), 0x9090);
        // The list of blocks in core.img's first sector: the rest of it, to be loaded at segment 0x820.
        BinaryPrimitives.WriteUInt64LittleEndian(core.AsSpan(0x1F4), CoreSector + 1);
        BinaryPrimitives.WriteUInt16LittleEndian(core.AsSpan(0x1FC), (ushort)((core.Length + Sector - 1) / Sector - 1));
        BinaryPrimitives.WriteUInt16LittleEndian(core.AsSpan(0x1FE), 0x820);
        await using var disk = File.OpenWrite(Disk);
        await disk.WriteAsync(boot.AsMemory(0, 440));
        disk.Position = CoreSector * Sector;
        await disk.WriteAsync(core);
    }

    private static string In(string name) => Path.Combine(Folder, name);

    private static Task<string> ShellAsync(string command) => Tool.RunAsync("sh", "-c", $"set -e; PATH=$PATH:/sbin:/usr/sbin; cd '{Folder}'\n{command}");

    private static string ReadScript()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("init.sh")!);
        return reader.ReadToEnd();
    }
}
