using System.Globalization;

namespace HyperBdr.Nbd.Tests;

/// <summary>A very small Linux guest of the distribution's own cloud kernel and busybox, built once and kept under <c>.build</c>:
/// kernel and initial RAM disk as files, the root file system as a raw disk.</summary>
internal static class GuestDisk
{
    private const string Modules = "virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk";

    /// <summary>Mounts the disk as root; its own init does the rest.</summary>
    private const string Init =
        """
        #!/bin/busybox sh
        /bin/busybox mount -t devtmpfs d /dev
        for m in MODULES; do [ -f /m/$m.ko ] && /bin/busybox insmod /m/$m.ko; done
        /bin/busybox mount -t ext4 -o rw /dev/vda /newroot
        /bin/busybox mount --move /dev /newroot/dev
        exec /bin/busybox switch_root /newroot /sbin/init
        """;

    /// <summary>Reads what a boot would read, writes a file, says that it is ready and goes off.</summary>
    private const string GuestInit =
        """
        #!/bin/busybox sh
        export PATH=/bin
        busybox mount -t proc p /proc
        for f in /srv/part*; do busybox cat $f >/dev/null; done
        echo "written by the guest" >/srv/written
        busybox sync
        echo "READY $(busybox cut -d' ' -f1 /proc/uptime) $(busybox cat /srv/marker)" >/dev/ttyS0
        busybox umount /proc
        busybox mount -o remount,ro /
        busybox poweroff -f
        """;

    public static string Kernel => Path.Combine(Folder, "vmlinuz");

    public static string Initrd => Path.Combine(Folder, "initrd");

    public static string Disk => Path.Combine(Folder, "root.raw");

    private static string Folder { get; } = Path.Combine(Root(), ".build", "nbd-guest");

    public static async Task BuildAsync()
    {
        if (File.Exists(Path.Combine(Folder, "complete"))) return;
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
        Directory.CreateDirectory(Folder);
        await UnpackKernelAsync();
        await BuildInitrdAsync();
        await BuildRootAsync();
        await File.WriteAllTextAsync(Path.Combine(Folder, "complete"), "");
    }

    private static async Task UnpackKernelAsync()
    {
        // "  Depends: linux-image-6.1.0-56-cloud-amd64": the metapackage names the newest kernel.
        var depends = await Scratch.RunAsync("apt-cache", "depends", "linux-image-cloud-amd64");
        var package = depends.Split('\n').First(l => l.Contains("Depends: ", StringComparison.Ordinal)).Split(": ")[1].Trim();
        await ShellAsync($"apt-get -q -o APT::Sandbox::User=root download {package} && dpkg -x {package}_*.deb k && rm {package}_*.deb && cp k/boot/vmlinuz-* vmlinuz");
    }

    private static async Task BuildInitrdAsync()
    {
        var content = Directory.CreateDirectory(Path.Combine(Folder, "i")).FullName;
        foreach (var name in new[] { "bin", "dev", "newroot", "m" }) Directory.CreateDirectory(Path.Combine(content, name));
        await WriteProgramAsync(Path.Combine(content, "init"), Init.Replace("MODULES", Modules, StringComparison.Ordinal));
        await ShellAsync($"cp /bin/busybox i/bin/ && for m in {Modules}; do find k/lib/modules -name $m.ko -exec cp {{}} i/m/ \\; ; done && (cd i && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >initrd");
    }

    private static async Task BuildRootAsync()
    {
        var content = Directory.CreateDirectory(Path.Combine(Folder, "r")).FullName;
        foreach (var name in new[] { "bin", "sbin", "dev", "proc", "srv" }) Directory.CreateDirectory(Path.Combine(content, name));
        await WriteProgramAsync(Path.Combine(content, "sbin", "init"), GuestInit);
        await File.WriteAllTextAsync(Path.Combine(content, "srv", "marker"), "marker-1");
        var random = new Random(5);
        for (var i = 0; i < 24; i++)
        {
            var part = new byte[512 * 1024];
            random.NextBytes(part);
            await File.WriteAllBytesAsync(Path.Combine(content, "srv", "part" + i.ToString("00", CultureInfo.InvariantCulture)), part);
        }

        await ShellAsync("cp /bin/busybox r/bin/ && ln -s busybox r/bin/sh && truncate -s 48M root.raw && mke2fs -q -t ext4 -d r root.raw && rm -r r i k");
    }

    private static async Task WriteProgramAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
    }

    private static Task<string> ShellAsync(string command) => Scratch.RunAsync("sh", "-c", $"set -e; cd '{Folder}'; {command}");

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "HyperBdr.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }
}
