using System.Globalization;
using System.Text.Json.Nodes;
using HyperBdr.Engine.Nbd;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <summary>The files of one machine.</summary>
internal sealed record MachineFolder(string Path)
{
    public string Qmp => In("qmp.sock");

    public string GuestAgent => In("qga.sock");

    public string Screen => In("vnc.sock");

    public string ProcessFile => In("qemu.pid");

    public string Output => In("qemu.log");

    public string UefiVariables => In("uefi.vars");

    public string Screenshot => In("screen.png");

    public IEnumerable<string> Sockets => [Qmp, GuestAgent, Screen];

    private string In(string name) => System.IO.Path.Combine(Path, name);
}

/// <summary>How QEMU is started for a machine.</summary>
internal static class QemuCommand
{
    /// <summary>Its value names the machine's folder, which no other process has: this is how QEMU's process is found again.</summary>
    public const string ProcessFileOption = "-pidfile";

    /// <summary>Serial text that QEMU itself keeps until it is fetched; a power of two. While nobody fetches, the oldest goes and the guest never waits.</summary>
    private const int SerialRing = 1 << 20;

    public static List<string> Arguments(MachineRequest request, MachineFolder folder, KvmSettings settings, string accelerator, Func<Guid, DiskRequest> diskOf)
    {
        List<string> arguments =
        [
            ProcessFileOption, folder.ProcessFile, "-name", "guest=" + request.Name, "-uuid", request.Id.ToString(),
            "-accel", accelerator == "tcg" ? "tcg,thread=multi" : accelerator, "-cpu", accelerator == "kvm" ? "host" : "max", "-machine", "q35", "-m", Text(request.MemoryMib), "-smp", Text(request.Cpus),
            // No way from the guest's screen, or from a file in the user's home, to another program.
            "-nodefaults", "-no-user-config", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            // After the guest has gone off QEMU stays until its last words are fetched.
            "-no-shutdown", "-rtc", "base=utc",
            "-qmp", $"unix:{folder.Qmp},server=on,wait=off",
            "-chardev", $"ringbuf,id=serial,size={Text(SerialRing)}", "-serial", "chardev:serial",
            "-device", "virtio-serial-pci", "-chardev", $"socket,id=qga,path={folder.GuestAgent},server=on,wait=off", "-device", "virtserialport,chardev=qga,name=org.qemu.guest_agent.0",
            "-display", "none", "-vnc", $"unix:{folder.Screen}", "-device", "VGA", "-device", "virtio-rng-pci", "-device", "qemu-xhci", "-device", "usb-tablet",
        ];
        if (request.Firmware == Firmware.Uefi)
            arguments.AddRange(["-drive", $"if=pflash,format=raw,unit=0,readonly=on,file={settings.UefiCode}", "-drive", $"if=pflash,format=raw,unit=1,file={folder.UefiVariables}"]);
        for (var i = 0; i < request.Disks.Count; i++) AddDisk(arguments, request.Disks[i], diskOf(request.Disks[i].Disk), i);
        for (var i = 0; i < request.Nics.Count; i++) AddNic(arguments, request, i);
        return arguments;
    }

    private static void AddDisk(List<string> arguments, AttachedDisk attached, DiskRequest disk, int number)
    {
        var node = $"disk{Text(number)}";
        var uri = NbdUri.Parse(disk.Source);
        JsonObject server = uri.SocketPath is { } socket
            ? new() { ["type"] = "unix", ["path"] = socket }
            : new() { ["type"] = "inet", ["host"] = uri.Host, ["port"] = Text(uri.Port) };
        var block = new JsonObject
        {
            ["driver"] = "nbd", ["node-name"] = node, ["server"] = server, ["export"] = uri.Export, ["discard"] = "unmap",
            // An exporter that died may have lost what was not flushed. A guest that went on over a new connection would not know: it stands still instead and is switched on anew.
            ["reconnect-delay"] = 0,
        };
        arguments.AddRange(["-blockdev", block.ToJsonString()]);
        var place = attached.Bus == DiskBus.Virtio ? "virtio-blk-pci" : $"ide-hd,bus=ide.{Text(number)}";
        arguments.AddRange(["-device", $"{place},drive={node},serial={disk.Id.ToString("n")[^20..]},bootindex={Text(number)},write-cache=on,werror=stop,rerror=stop"]);
    }

    private static void AddNic(List<string> arguments, MachineRequest request, int number)
    {
        var (nic, id) = (request.Nics[number], $"nic{Text(number)}");
        var model = nic.Model == NicModel.Virtio ? "virtio-net-pci" : "e1000e";
        // romfile: no machine asks the network for something to boot.
        arguments.AddRange(["-netdev", $"tap,id={id},ifname={HostNetwork.TapName(request.Id, number)},script=no,downscript=no", "-device", $"{model},netdev={id},mac={nic.Mac},romfile="]);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
