using System.Text.RegularExpressions;

namespace HyperBdr.Demo.Guest;

/// <summary>Makes kernel, RAM disk and the two disks from the distribution's own packages, without rights of root: the kernel's package is
/// unpacked, programs and libraries are copied with all that they need, and file systems are made of folders.</summary>
internal sealed partial class GuestBuild(GuestFolder folder)
{
    private const int RootMiB = 320;
    private const int DataMiB = 256;

    /// <summary>What the RAM disk loads, in this order.</summary>
    private const string BootModules = "virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk";

    /// <summary>What else the guest, or an agent in it, may load.</summary>
    private const string Modules = BootModules + " failover net_failover virtio_net rng-core virtio-rng button evdev dm-mod dm-bufio dm-snapshot loop crc32c-intel libcrc32c xfs";

    /// <summary>Programs that busybox has not, or not as scripts of others expect them.</summary>
    private static readonly string[] Programs = ["/bin/bash", "/usr/bin/curl", "/usr/bin/nohup", "/usr/bin/openssl"];

    /// <summary>Libraries that a natively compiled .NET program opens by itself.</summary>
    private static readonly string[] Libraries = ["libssl.so.3", "libcrypto.so.3", "libz.so.1", "libzstd.so.1", "libgcc_s.so.1", "libstdc++.so.6", "libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

    private static readonly string[] Folders =
        ["usr/bin", "usr/lib/production", "usr/lib64", "usr/lib/x86_64-linux-gnu", "etc/ssl/certs", "etc/acpi/PWRF", "dev", "proc", "sys", "run", "tmp", "root", "var/lib", "var/log", "mnt", "data"];

    public static string Recipe => string.Join('\n', [Modules, .. Programs, .. Libraries, .. Folders, $"{RootMiB} {DataMiB}"]);

    private string Tree => folder.In("tree");

    public async Task RunAsync(CancellationToken ct)
    {
        foreach (var old in new[] { "tree", "ram", "data" }.Select(folder.In).Where(Directory.Exists)) Directory.Delete(old, recursive: true);
        await UnpackKernelAsync(ct);
        await BuildRamDiskAsync(ct);
        await BuildTreeAsync(ct);
        await DiskAsync(folder.RootDisk, RootMiB, Tree, "root", ct);
        Directory.CreateDirectory(folder.In("data"));
        await DiskAsync(folder.DataDisk, DataMiB, folder.In("data"), "data", ct);
        foreach (var used in new[] { "tree", "ram", "data" }) Directory.Delete(folder.In(used), recursive: true);
    }

    private async Task UnpackKernelAsync(CancellationToken ct)
    {
        if (File.Exists(folder.Kernel) && Directory.Exists(folder.In("kernel/lib/modules"))) return;
        try
        {
            await DownloadKernelAsync(ct);
        }
        catch (InvalidOperationException)
        {
            // No package lists yet, or lists so old that they name a package that is gone.
            await Tool.RunAsync("apt-get", ["update", "-q"], ct);
            await DownloadKernelAsync(ct);
        }
    }

    private async Task DownloadKernelAsync(CancellationToken ct)
    {
        // "  Depends: linux-image-6.1.0-56-cloud-amd64": the metapackage names the newest kernel.
        var depends = await Tool.RunAsync("apt-cache", ["depends", "linux-image-cloud-amd64"], ct);
        var package = KernelPattern().Match(depends).Value;
        if (package.Length == 0) throw new InvalidOperationException("The package lists name no cloud kernel.");
        await ShellAsync($"rm -rf kernel; apt-get -q -o APT::Sandbox::User=root download {package} && dpkg -x {package}_*.deb kernel && rm {package}_*.deb && mv kernel/boot/vmlinuz-* vmlinuz", ct);
    }

    private async Task BuildRamDiskAsync(CancellationToken ct)
    {
        foreach (var name in new[] { "bin", "dev", "proc", "sys", "newroot", "m" }) Directory.CreateDirectory(folder.In($"ram/{name}"));
        await ProgramAsync(folder.In("ram/init"), GuestFiles.Text("boot").Replace("@MODULES@", BootModules, StringComparison.Ordinal), ct);
        await ShellAsync($"cp /bin/busybox ram/bin/; for m in {BootModules}; do find kernel/lib/modules -name $m.ko -exec cp {{}} ram/m/ \\; ; done; (cd ram && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >initrd", ct);
    }

    private async Task BuildTreeAsync(CancellationToken ct)
    {
        foreach (var name in Folders) Directory.CreateDirectory(Path.Combine(Tree, name));
        await ShellAsync("cd tree; for n in bin sbin lib lib64; do ln -s usr/$n $n; done; ln -s bin usr/sbin; cp /bin/busybox usr/bin/; for a in $(/bin/busybox --list); do [ -e usr/bin/$a ] || ln -s busybox usr/bin/$a; done", ct);
        await ScriptsAsync(ct);
        await EtcAsync(ct);
        foreach (var program in Programs) await CopyWithLibrariesAsync(program, Path.Combine(Tree, "usr/bin", Path.GetFileName(program)), ct);
        foreach (var library in Libraries.Select(l => Path.Combine("/usr/lib/x86_64-linux-gnu", l)).Concat(Libraries.Select(l => Path.Combine("/lib/x86_64-linux-gnu", l))).Where(File.Exists))
            await CopyWithLibrariesAsync(library, InTree(library), ct);
        await ShellAsync($"v=$(ls kernel/lib/modules); mkdir -p tree/lib/modules/$v; cp kernel/lib/modules/$v/modules.* tree/lib/modules/$v/; for m in {Modules}; do (cd kernel/lib/modules/$v && find . -name $m.ko -exec cp --parents {{}} \"$OLDPWD/tree/lib/modules/$v/\" \\;); done; busybox depmod -b tree $v", ct);
    }

    private async Task ScriptsAsync(CancellationToken ct)
    {
        foreach (var name in new[] { "rcS", "rcK" }) await ProgramAsync(Path.Combine(Tree, "etc", name), GuestFiles.Text(name), ct);
        foreach (var name in new[] { "console", "orders" }) await ProgramAsync(Path.Combine(Tree, "usr/lib/production", name), GuestFiles.Text(name), ct);
        await ProgramAsync(Path.Combine(Tree, "etc/acpi/PWRF/00000080"), "#!/bin/sh\nexec /bin/poweroff", ct);
        await File.WriteAllTextAsync(Path.Combine(Tree, "etc/inittab"), GuestFiles.Text("inittab"), ct);
    }

    private async Task EtcAsync(CancellationToken ct)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["passwd"] = "root:x:0:0:root:/root:/bin/bash\n",
            ["group"] = "root:x:0:\n",
            ["hosts"] = "127.0.0.1 localhost\n10.0.2.15 production\n10.0.2.2 console\n",
            ["resolv.conf"] = "nameserver 10.0.2.3\n",
            ["nsswitch.conf"] = "passwd: files\ngroup: files\nhosts: files dns\n",
            ["fstab"] = "LABEL=root / ext4 rw 0 1\nLABEL=data /data ext4 rw,discard 0 2\n",
        };
        foreach (var (name, text) in files) await File.WriteAllTextAsync(Path.Combine(Tree, "etc", name), text, ct);
        File.Copy("/etc/os-release", Path.Combine(Tree, "etc/os-release"));
        if (File.Exists("/etc/ssl/certs/ca-certificates.crt")) File.Copy("/etc/ssl/certs/ca-certificates.crt", Path.Combine(Tree, "etc/ssl/certs/ca-certificates.crt"));
    }

    /// <summary>A program or library, and all libraries that it is linked with.</summary>
    private async Task CopyWithLibrariesAsync(string from, string to, CancellationToken ct)
    {
        var needed = LibraryPattern().Matches(await Tool.RunAsync("ldd", [from], ct)).Select(m => m.Groups["path"].Value);
        foreach (var library in needed) Copy(library, library.StartsWith("/lib64/", StringComparison.Ordinal) ? Path.Combine(Tree, "usr", library[1..]) : InTree(library));
        Copy(from, to);
    }

    private static void Copy(string from, string to)
    {
        if (new FileInfo(to) is { Exists: true, LinkTarget: null }) return;
        // Over a link to busybox.
        File.Delete(to);
        File.Copy(new FileInfo(from).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? from, to);
    }

    private string InTree(string library) => Path.Combine(Tree, "usr/lib/x86_64-linux-gnu", Path.GetFileName(library));

    /// <summary>A disk with one partition that begins at 1 MiB and is filled from a folder; everything in it belongs to root.</summary>
    private async Task DiskAsync(string path, int mebibytes, string content, string label, CancellationToken ct)
    {
        const int FirstMiB = 1;
        File.Delete(path);
        var layout = $"label: gpt\\nstart={FirstMiB * 2048},size={(mebibytes - 2) * 2048},type=0FC63DAF-8483-4772-8E79-3D69D8477DE4,name={label}\\n";
        await ShellAsync(
            $"truncate -s {mebibytes}M '{path}'; printf '{layout}' | sfdisk -q '{path}'; mke2fs -q -t ext4 -L {label} -d '{content}' -E offset={FirstMiB << 20},root_owner=0:0,nodiscard '{path}' {(mebibytes - 2) * 1024}k", ct);
    }

    private static async Task ProgramAsync(string path, string text, CancellationToken ct)
    {
        await File.WriteAllTextAsync(path, text.TrimEnd() + "\n", ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
    }

    private Task<string> ShellAsync(string command, CancellationToken ct) => Tool.RunAsync("sh", ["-c", $"set -e; PATH=$PATH:/sbin:/usr/sbin; cd '{folder.Path}'; {command}"], ct);

    [GeneratedRegex(@"linux-image-[0-9][\w.+-]*-cloud-amd64", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex KernelPattern();

    [GeneratedRegex(@"(=> |^\s+)(?<path>/\S+) \(", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex LibraryPattern();
}
