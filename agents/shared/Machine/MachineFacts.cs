using System.Globalization;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Machine;

/// <summary>What a Linux machine is, from /proc and /sys: everything of an inventory but its disks.</summary>
/// <param name="root">Prefix of the paths; empty on a real machine.</param>
public sealed class MachineFacts(string root = "")
{
    private const int MaxFile = 64 * 1024;

    public Inventory Read()
    {
        var inventory = new Inventory
        {
            HostName = Text("/proc/sys/kernel/hostname") is { Length: > 0 } name ? name : Environment.MachineName,
            HardwareSerial = HardwareSerial(),
            OsName = OsName(),
            Kernel = Text("/proc/sys/kernel/osrelease"),
            Architecture = RuntimeInformation.OSArchitecture switch { Architecture.X64 => "x86_64", Architecture.Arm64 => "aarch64", var other => other.ToString().ToLowerInvariant() },
            Firmware = Directory.Exists($"{root}/sys/firmware/efi") ? "uefi" : "bios",
            Cpus = Environment.ProcessorCount,
            MemoryBytes = MemoryBytes(),
            BootId = Text("/proc/sys/kernel/random/boot_id"),
        };
        inventory.Nics.AddRange(Nics());
        return inventory;
    }

    /// <summary>SMBIOS product UUID and serial; the machine id where the firmware tells neither (containers, small boards).</summary>
    public string HardwareSerial()
    {
        var parts = new[] { Text("/sys/class/dmi/id/product_uuid"), Text("/sys/class/dmi/id/product_serial") }.Where(p => p.Length > 0).ToArray();
        return parts.Length > 0 ? string.Join('/', parts) : Text("/etc/machine-id");
    }

    private long MemoryBytes()
    {
        var line = Text("/proc/meminfo").Split('\n').FirstOrDefault(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        return line is not null && long.TryParse(line["MemTotal:".Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.Integer, CultureInfo.InvariantCulture, out var kib) ? kib * 1024 : 0;
    }

    private string OsName()
    {
        foreach (var file in (string[])["/etc/os-release", "/usr/lib/os-release"])
        {
            var line = Text(file).Split('\n').FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
            if (line is not null) return line["PRETTY_NAME=".Length..].Trim().Trim('"');
        }

        return "Linux";
    }

    /// <summary>Cards with hardware behind them where there are any, so that bridges and tunnels do not make up an identity.</summary>
    private IEnumerable<Nic> Nics()
    {
        var all = NetworkInterface.GetAllNetworkInterfaces().Where(n => n.NetworkInterfaceType != NetworkInterfaceType.Loopback && n.GetPhysicalAddress().GetAddressBytes().Length == 6).ToList();
        var hard = all.Where(n => Path.Exists($"{root}/sys/class/net/{n.Name}/device")).ToList();
        foreach (var card in hard.Count > 0 ? hard : all)
        {
            var nic = new Nic { Name = card.Name, Mac = string.Join(':', card.GetPhysicalAddress().GetAddressBytes().Select(b => b.ToString("x2"))) };
            nic.Addresses.AddRange(card.GetIPProperties().UnicastAddresses.Select(a => a.Address).Where(a => !a.IsIPv6LinkLocal).Select(a => a.ToString()));
            yield return nic;
        }
    }

    private string Text(string path)
    {
        try
        {
            using var file = File.OpenRead(root + path);
            var bytes = new byte[MaxFile];
            return System.Text.Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, MaxFile, throwOnEndOfStream: false)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
