using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Fixtures;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>Installation, upgrade and removal under a real systemd.</summary>
public sealed class SystemdTests
{
    private const long MiB = 1 << 20;
    private const string Unit = InstalledAgent.Unit;
    private const string Exporter = "hyper-exporter-agent.service";

    [Fact]
    public async Task An_installed_agent_is_a_unit_with_its_limits_and_leaves_nothing_when_it_is_uninstalled()
    {
        await using var agent = await InstalledAgent.MachineAsync(8 * MiB);
        var machine = agent.Machine;
        var before = await FilesAsync(machine);
        var (code, output) = await agent.InstallAsync();
        code.ShouldBe(0, output);
        output.ShouldEndWith("Install successful\n");
        await agent.ConnectedAsync(1);

        foreach (var unit in (string[])[Unit, Exporter])
        {
            (await machine.RunAsync("systemctl", "is-active", unit)).Output.ShouldBe("active\n", unit);
            (await machine.RunAsync("systemctl", "is-enabled", unit)).Output.ShouldBe("enabled\n", unit);
            (await machine.MustAsync("systemd-analyze", "verify", unit)).ShouldBe("");
        }

        (await machine.RunAsync("systemd-analyze", "security", "--threshold=70", Unit)).Code.ShouldBe(0);
        (await machine.RunAsync("systemd-analyze", "security", "--threshold=30", Exporter)).Code.ShouldBe(0);
        (await machine.UnitAsync(Unit, "MemoryMax")).ShouldBe((256 * MiB).ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await machine.UnitAsync(Unit, "KillMode")).ShouldBe("control-group");
        (await machine.MustAsync("egisplus-cli", "agent", "check")).ShouldContain("This agent is registered: Yes.");
        (await agent.ReadAsync("/usr/local/hyper_exporter/config.ini")).ShouldContain("ServiceType = linux_agent");
        await Waiting.UntilAsync("metrics", TimeSpan.FromSeconds(20), async () => (await machine.RunAsync("curl", "-s", "http://127.0.0.1:16100/metrics")).Output.Contains("hyperbdr_process_up{process=\"egisplus-agent\"} 1", StringComparison.Ordinal));

        // A second installation is refused and touches nothing.
        (await agent.InstallAsync()).Output.ShouldContain("agent directory already exists");
        // Killed, it comes back as the same machine.
        var process = await agent.ProcessAsync();
        await machine.MustAsync("kill", "-KILL", process.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await agent.ConnectedAsync(2);
        (await agent.ProcessAsync()).ShouldNotBe(process);
        agent.Console.Enrolments.Count.ShouldBe(1);

        // A refused configuration is not tried again and again.
        await machine.MustAsync("sed", "-i", "s/^RetryCount = .*/RetryCount = 0/", $"{InstalledAgent.Folder}/config.ini");
        await machine.RunAsync("systemctl", "restart", Unit);
        await Waiting.UntilAsync("the refusal", TimeSpan.FromSeconds(20), async () => await machine.UnitAsync(Unit, "ActiveState") == "failed");
        (await machine.UnitAsync(Unit, "ExecMainStatus")).ShouldBe("78");

        (code, output) = await machine.RunAsync("sh", $"{InstalledAgent.Folder}/uninstall_agent.sh");
        code.ShouldBe(0, output);
        output.ShouldBe("Uninstall successful\n");
        (await FilesAsync(machine)).ShouldBe(before);
        (await machine.MustAsync("systemctl", "list-units", "--all", "--plain", "--no-legend", "egisplus*", "hyper*")).ShouldBe("");
    }

    [Fact]
    public async Task An_installation_that_fails_leaves_nothing_and_can_be_repeated()
    {
        await using var agent = await InstalledAgent.MachineAsync(8 * MiB);
        var before = await FilesAsync(agent.Machine);
        await agent.Console.StopAsync();
        var (code, output) = await agent.InstallAsync();
        code.ShouldBe(1);
        output.ShouldContain($"This machine could not be registered at {agent.Console.Address}.");
        (await FilesAsync(agent.Machine)).ShouldBe(before);

        await agent.Console.ListenAsync(agent.Console.Port);
        (code, output) = await agent.InstallAsync();
        code.ShouldBe(0, output);
        await agent.ConnectedAsync(1);
    }

    [Fact]
    public async Task An_upgrade_in_the_middle_of_a_sync_keeps_identity_and_configuration_and_the_sync_goes_on()
    {
        await using var agent = await InstalledAgent.MachineAsync(96 * MiB);
        var machine = agent.Machine;
        (await agent.InstallAsync()).Code.ShouldBe(0);
        await agent.ConnectedAsync(1);
        await machine.MustAsync("sed", "-i", "s/^LogFileMaxBackups = .*/LogFileMaxBackups = 7/", $"{InstalledAgent.Folder}/config.ini");
        await using var pool = await Pool.InFolderAsync(machine.Shared);
        var order = new StartSync { TaskId = "sync", HostId = "host-1", Mode = "full", LimitBitsPerSecond = 120_000_000, SealedSession = RunningAgent.Sealed(agent.Console, pool, "sync", "") };
        await agent.Console.SendAsync(new Command { Id = "sync", StartSync = order });
        await Waiting.UntilAsync("packs", TimeSpan.FromSeconds(60), () => Task.FromResult(pool.Packs() >= 2));

        var process = await agent.ProcessAsync();
        agent.Repack("next.tar.gz", folder => File.AppendAllText(Path.Combine(folder, "collect_system_info.sh"), "# of the next version\n"));
        var (code, output) = await agent.UpgradeAsync("next.tar.gz");
        code.ShouldBe(0, output);
        output.ShouldEndWith("Upgrade successful\n");
        agent.Console.KeptResults.ShouldBeEmpty();
        (await agent.ProcessAsync()).ShouldNotBe(process);
        (await agent.ReadAsync($"{InstalledAgent.Folder}/collect_system_info.sh")).ShouldContain("# of the next version");
        (await agent.ReadAsync($"{InstalledAgent.Folder}/config.ini")).ShouldContain("LogFileMaxBackups = 7");

        var result = await Waiting.UntilAsync("the sync's result", TimeSpan.FromSeconds(60), () => Task.FromResult(agent.Console.KeptResults.GetValueOrDefault("sync")));
        result.Ok.ShouldBeTrue($"{result.Code}: {result.Message}");
        (await pool.RestoredAsync(result.Sync.PointId)).Values.ShouldBe([agent.DiskHash()]);
        (await pool.PointsAsync()).Count.ShouldBe(1);
        agent.Console.Enrolments.Count.ShouldBe(1);

        // A version that does not come up is taken back.
        agent.Repack("broken.tar.gz", folder => File.WriteAllText(Path.Combine(folder, "egisplus-agent"), "#!/bin/sh\n[ \"$1\" = version ] && echo egisplus-agent 9.9.9 && exit 0\nexit 78\n"));
        (code, output) = await agent.UpgradeAsync("broken.tar.gz");
        code.ShouldBe(1);
        output.ShouldContain("the version before was put back");
        (await machine.MustAsync("egisplus-cli", "agent", "check")).ShouldContain("Agent service is started: Yes.");
        (await agent.UpgradeAsync("next.tar.gz")).Code.ShouldBe(0);
        (await machine.MustAsync("ls", InstalledAgent.Folder)).ShouldNotContain("upgrade.");
    }

    /// <summary>Every file and folder of the machine's own; not the programs, and not what the kernel and systemd show.</summary>
    private static async Task<string[]> FilesAsync(SystemdMachine machine) =>
        [.. (await machine.MustAsync("find", "/etc", "/var", "/opt", "/usr/local", "/root", "/home")).Split('\n').Where(p => p is not "/etc/sysconfig" && !p.StartsWith("/etc/systemd/system/multi-user.target.wants", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
