using System.Diagnostics;
using System.Security.Cryptography;
using HyperBdr.Agents.Tests;
using HyperBdr.Fixtures;
using Shouldly;
using Xunit;

namespace HyperBdr.Watchman.Tests;

/// <summary>A gateway as the console's install command puts it on a machine that systemd runs.</summary>
public sealed class SystemdTests
{
    private const string Home = "/var/lib/sgateway";
    private static readonly string[] Units = ["watchman.service", "s3block.service", "hyper_exporter.service"];

    [Fact]
    public async Task A_gateway_is_three_units_that_survive_kills_and_an_upgrade_and_leaves_its_data_when_it_is_uninstalled()
    {
        await using var machine = await SystemdMachine.StartAsync();
        await using var console = await StandingConsole.StartAsync(StandingConsole.FreePort());
        machine.Lend(console.Port);
        var package = await PackageAsync();
        File.Copy(package, machine.At("sgateway.tar.gz"));
        var before = await FilesAsync(machine);

        var (code, output) = await InstallAsync(machine, console, package);
        code.ShouldBe(0, output);
        output.ShouldEndWith("Install successful\n");
        await RunningAsync(machine);
        await Waiting.UntilAsync("the link", TimeSpan.FromSeconds(30), () => Task.FromResult(!console.Heartbeats.IsEmpty));
        foreach (var unit in Units)
        {
            (await machine.RunAsync("systemctl", "is-enabled", unit)).Output.ShouldBe("enabled\n", unit);
            (await machine.MustAsync("systemd-analyze", "verify", unit)).ShouldBe("");
            (await machine.RunAsync("systemd-analyze", "security", "--threshold=50", unit)).Code.ShouldBe(0, unit);
        }

        // Killed data service: started again. Killed watchman: the data service goes on.
        var data = await PidAsync(machine, "s3block.service");
        await machine.MustAsync("kill", "-KILL", data);
        await Waiting.UntilAsync("a new data service", TimeSpan.FromSeconds(30), async () => await PidAsync(machine, "s3block.service") is not "0" and var now && now != data);
        await RunningAsync(machine);
        data = await PidAsync(machine, "s3block.service");
        var watchman = await PidAsync(machine, "watchman.service");
        await machine.MustAsync("kill", "-KILL", watchman);
        await Waiting.UntilAsync("a new watchman", TimeSpan.FromSeconds(30), async () => await PidAsync(machine, "watchman.service") is not "0" and var now && now != watchman);
        (await PidAsync(machine, "s3block.service")).ShouldBe(data);

        // Installed over: identity, configuration, keys and data stay.
        await machine.MustAsync("sh", "-c", $"echo kept_by_hand = yes >> {Home}/config/s3block_config.ini; echo object > {Home}/diskdir/kept");
        var key = await machine.MustAsync("sha256sum", $"{Home}/certs/install.key");
        var identity = await machine.MustAsync("grep", "gateway_uuid", $"{Home}/config/s3block_config.ini");
        (code, output) = await InstallAsync(machine, console, package);
        code.ShouldBe(0, output);
        await RunningAsync(machine);
        (await PidAsync(machine, "s3block.service")).ShouldNotBe(data);
        (await machine.MustAsync("sha256sum", $"{Home}/certs/install.key")).ShouldBe(key);
        (await machine.MustAsync("cat", $"{Home}/config/s3block_config.ini")).ShouldContain("kept_by_hand = yes");
        (await machine.MustAsync("grep", "gateway_uuid", $"{Home}/config/s3block_config.ini")).ShouldBe(identity);

        // The order of the operations manual: watchman, then s3block; neither comes back.
        await machine.MustAsync("systemctl", "stop", "watchman.service");
        (await machine.RunAsync("systemctl", "is-active", "s3block.service")).Output.ShouldBe("active\n");
        await machine.MustAsync("systemctl", "stop", "s3block.service");

        (code, output) = await machine.RunAsync("bash", $"{Home}/uninstall.sh");
        code.ShouldBe(0, output);
        output.ShouldContain($"Kept in {Home}: stored objects (diskdir)");
        (await machine.MustAsync("cat", $"{Home}/diskdir/kept")).ShouldBe("object\n");
        (await FilesAsync(machine)).Where(f => !f.StartsWith(Home, StringComparison.Ordinal)).ShouldBe(before);
        (await machine.MustAsync("systemctl", "list-units", "--all", "--plain", "--no-legend", "watchman*", "s3block*", "hyper*")).ShouldBe("");

        // What was kept serves a new installation; purged, nothing is left.
        (code, output) = await InstallAsync(machine, console, package);
        code.ShouldBe(0, output);
        (await machine.MustAsync("cat", $"{Home}/diskdir/kept")).ShouldBe("object\n");
        (code, output) = await machine.RunAsync("bash", $"{Home}/uninstall.sh", "--purge");
        code.ShouldBe(0, output);
        (await FilesAsync(machine)).ShouldBe(before);
    }

    private static Task<(int Code, string Output)> InstallAsync(SystemdMachine machine, StandingConsole console, string package)
    {
        var script = File.ReadAllText(Path.Combine(Path.GetDirectoryName(package)!, "install.sh")).Replace("@CONSOLE@", console.Address, StringComparison.Ordinal).Replace("@TOKEN@", "good", StringComparison.Ordinal)
            .Replace("@SHA256@", Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(package))), StringComparison.Ordinal).Replace("@AUTHORITY@", console.Authority.Pem, StringComparison.Ordinal);
        return machine.PipeAsync(script, "bash", "-s", "--", "--package", machine.At("sgateway.tar.gz"), "--public-ip", "127.0.0.1");
    }

    private static Task RunningAsync(SystemdMachine machine) => Waiting.UntilAsync("three running units that serve", TimeSpan.FromSeconds(60), async () =>
    {
        foreach (var unit in Units)
        {
            if ((await machine.RunAsync("systemctl", "is-active", "--quiet", unit)).Code != 0) return false;
        }

        return (await machine.RunAsync("curl", "-sf", "http://127.0.0.1:13261/healthz")).Code == 0
            && (await machine.RunAsync("curl", "-sf", "http://127.0.0.1:16100/metrics")).Output is var metrics && metrics.Contains("hyperbdr_s3block_up 1", StringComparison.Ordinal) && metrics.Contains("hyperbdr_process_up{process=\"watchman\"} 1", StringComparison.Ordinal);
    });

    private static async Task<string> PidAsync(SystemdMachine machine, string unit) => await machine.UnitAsync(unit, "MainPID");

    private static async Task<string[]> FilesAsync(SystemdMachine machine) =>
        [.. (await machine.MustAsync("find", "/etc", "/var", "/opt", "/usr/local", "/root", "/home")).Split('\n').Where(p => !p.StartsWith("/etc/systemd/system/multi-user.target.wants", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>As scripts/gateway-package.sh makes it.</summary>
    private static async Task<string> PackageAsync([System.Runtime.CompilerServices.CallerFilePath] string here = "")
    {
        using var made = Process.Start(new ProcessStartInfo(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "scripts", "gateway-package.sh")) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var path = (await made.StandardOutput.ReadToEndAsync()).Trim();
        await made.WaitForExitAsync();
        return made.ExitCode == 0 ? path : throw new InvalidOperationException("The gateway's package cannot be made.");
    }
}
