using System.Security.Cryptography;
using HyperBdr.Agents.Tests;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Fixtures;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>The agent as the console's install command puts it on a machine that systemd runs.</summary>
internal sealed class InstalledAgent : IAsyncDisposable
{
    public const string Unit = "egisplus-agent.service";
    public const string Folder = "/var/lib/egisplus-agent";
    private readonly LoopDisk disk;

    private InstalledAgent(SystemdMachine machine, StandingConsole console, LoopDisk disk) => (Machine, Console, this.disk) = (machine, console, disk);

    public SystemdMachine Machine { get; }

    public StandingConsole Console { get; }

    public string Device => disk.Device;

    /// <summary>A machine with one disk and nothing of ours.</summary>
    public static async Task<InstalledAgent> MachineAsync(long diskBytes)
    {
        var only = LoopDisk.Random(Path.GetTempFileName(), diskBytes, diskBytes, seed: 21);
        var (machine, console) = (await SystemdMachine.StartAsync(only.Device), await StandingConsole.StartAsync(StandingConsole.FreePort()));
        machine.Lend(console.Port);
        File.Copy(Path.Combine(Tool.Package, "egisplus-agent.tar.gz"), machine.At("package.tar.gz"));
        return new InstalledAgent(machine, console, only);
    }

    /// <summary>The install command's script with the console's values, as it comes through a pipe.</summary>
    public Task<(int Code, string Output)> InstallAsync(string token = "good")
    {
        var script = File.ReadAllText(Path.Combine(Tool.Package, "install.sh")).Replace("@CONSOLE@", Console.Address, StringComparison.Ordinal).Replace("@TOKEN@", token, StringComparison.Ordinal)
            .Replace("@SHA256@", Sum("package.tar.gz"), StringComparison.Ordinal).Replace("@AUTHORITY@", Console.Authority.Pem, StringComparison.Ordinal);
        return Machine.PipeAsync(script, "bash", "-s", "--", "--package", Machine.At("package.tar.gz"), "--devices", Device);
    }

    public Task<(int Code, string Output)> UpgradeAsync(string package) => Machine.RunAsync("sh", $"{Folder}/upgrade_agent.sh", Machine.At(package), Sum(package));

    /// <summary>Another package with a changed file.</summary>
    public void Repack(string package, Action<string> change)
    {
        var folder = Directory.CreateDirectory(Machine.At("unpacked-" + package)).FullName;
        Tool.Run("tar", "-xzf", Machine.At("package.tar.gz"), "-C", folder);
        change(folder);
        Tool.Run("tar", "-czf", Machine.At(package), "-C", folder, ".");
    }

    public Task ConnectedAsync(int times) => Waiting.UntilAsync($"connection {times}", TimeSpan.FromSeconds(60), () => Task.FromResult(Console.Hellos.Count >= times));

    public Task<string> ReadAsync(string path) => Machine.MustAsync("cat", path);

    public async Task<int> ProcessAsync() => int.Parse(await Machine.UnitAsync(Unit, "MainPID"), System.Globalization.CultureInfo.InvariantCulture);

    public string DiskHash()
    {
        using var device = File.OpenRead(Device);
        return Convert.ToHexString(SHA256.HashData(device));
    }

    public async ValueTask DisposeAsync()
    {
        await Machine.DisposeAsync();
        await Console.DisposeAsync();
        disk.Dispose();
        File.Delete(disk.Image);
    }

    private string Sum(string package) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Machine.At(package))));
}
