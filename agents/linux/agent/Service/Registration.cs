using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Link;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Engine.IO;
using HyperBdr.LinuxAgent.Inventory;
using HyperBdr.LinuxAgent.Layout;

namespace HyperBdr.LinuxAgent.Service;

/// <summary>Makes this machine known to the console and keeps what that gave.</summary>
internal sealed class Registration(AgentPaths paths, MachineInventory machine, TimeProvider time)
{
    private const string ConsoleKey = "CONSOLE=";
    private const int MaxBytes = 64 * 1024;

    /// <summary>The console's address as /etc/sysconfig/egisplus-agent has it; null when it has none.</summary>
    public static ConsoleAddress? Console(AgentPaths paths)
    {
        var line = SmallFile.Lines(paths.Sysconfig).Select(l => l.Trim()).LastOrDefault(l => l.StartsWith(ConsoleKey, StringComparison.Ordinal));
        return line is not null && ConsoleAddress.TryParse(line[ConsoleKey.Length..].Trim('"', '\''), out var address) ? address : null;
    }

    /// <returns>True when the record of an earlier installation on this hardware was taken over.</returns>
    /// <exception cref="EnrolmentException">The console refused or cannot be reached.</exception>
    public async Task<bool> EnrolAsync(ConsoleAddress console, string token, string authorityPem, CancellationToken ct)
    {
        paths.Create();
        var store = new IdentityStore(paths.Identity);
        var client = new EnrolmentClient(console, authorityPem, time);
        var (identity, tookOver) = await client.EnrolAsync(store, token, MachineKind.LinuxAgent, Facts(_ => false), AgentVersion.Text, ct);
        using (identity)
        {
            DurableFiles.Write(paths.PublicKey, identity.Authority.PublicKey.GetECDsaPublicKey()?.ExportSubjectPublicKeyInfoPem() ?? identity.Authority.ExportCertificatePem());
        }

        KeepConsole(console);
        // Last: whoever sees it finds everything else.
        DurableFiles.Write(paths.Registered, "");
        return tookOver;
    }

    /// <summary>The inventory, with the serial and the map of disk ids kept beside it.</summary>
    public Contracts.Porter.V1.Inventory Facts(Func<string, bool> isExcluded)
    {
        var kept = SmallFile.Read(paths.HardwareSerial);
        var facts = machine.Read(kept, isExcluded);
        if (facts.HardwareSerial != kept) DurableFiles.Write(paths.HardwareSerial, facts.HardwareSerial + "\n");
        var map = string.Concat(facts.Disks.Select(d => $"{d.Id} {d.Device}\n"));
        if (SmallFile.Read(paths.DiskUuidMap) != map.Trim()) DurableFiles.Write(paths.DiskUuidMap, map);
        return facts;
    }

    private void KeepConsole(ConsoleAddress console)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(paths.Sysconfig)!);
        var others = System.Text.Encoding.UTF8.GetString(DurableFiles.Read(paths.Sysconfig, MaxBytes) ?? []).Split('\n').Where(l => l.Length > 0 && !l.StartsWith(ConsoleKey, StringComparison.Ordinal));
        DurableFiles.Write(paths.Sysconfig, string.Concat(others.Prepend($"{ConsoleKey}{console}").Select(l => l + "\n")));
    }
}
