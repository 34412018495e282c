using System.Text.RegularExpressions;
using HyperBdr.Fixtures;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

public sealed partial class CommandLineTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public async Task Check_says_service_agent_and_file_systems_and_ends_with_the_state()
    {
        await using var agent = await RunningAgent.UnpackAsync();
        agent.Add(LoopDisk.Random(agent.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 1));
        var down = agent.Cli("check");
        down.ExitCode.ShouldBe(1);
        down.Output.Split('\n')[..7].ShouldBe(["Service status", "Agent service is started: No.", "Agent status", "This agent is registered: No.", "This agent is protected : No.", "Heartbeat of this agent : 0.", "File system"]);
        MountHeader().IsMatch(down.Output.Split('\n')[7]).ShouldBeTrue(down.Output);
        agent.Cli("devices").Error.ShouldContain("egisplus-agent.service");

        agent.Start();
        await Waiting.UntilAsync("the control port", TimeSpan.FromSeconds(30), () => Task.FromResult(agent.Cli("check").ExitCode == 2));
        agent.Cli("check").Output.ShouldContain("Agent service is started: Yes.\nAgent status\nThis agent is registered: No.\n");

        agent.Enrol();
        await agent.ConnectedAsync();
        var good = agent.Cli("check");
        good.ExitCode.ShouldBe(0);
        Good().IsMatch(good.Output).ShouldBeTrue(good.Output);
    }

    [Fact]
    public async Task The_other_subcommands_answer_as_the_reference_has_them()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 2));
        agent.Cli("read_rate").Output.ShouldBe("read rate: 0 MB/s\n");
        agent.Cli("read_rate", "25").Output.ShouldBe("read rate: 25 MB/s\n");
        agent.Cli("read_rate", "fast").ExitCode.ShouldBe(64);
        agent.Cli("clean").Output.ShouldBe("Clean successful\n");
        agent.Cli("version").Output.ShouldStartWith("egisplus-cli 0.1.0\n");
        agent.Cli("cow").Output.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["device", "size", "used", "state"]);
        agent.Cli("devices").Output.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..3].ShouldBe([agent.Devices.Single(), "16M", "disk"]);
        agent.Cli("fs").Output.ShouldStartWith("block ");
        agent.Cli("log", "-n", "1").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1);
        agent.Cli("log", "--level", "error").Output.ShouldNotContain(" INFO ");
        agent.Cli("sing").ExitCode.ShouldBe(64);

        // The limit survives a restart, and is in force: 12 MiB at 4 MB/s take longer than a second.
        agent.Cli("read_rate", "4");
        agent.Stop().ShouldBe(0);
        agent.Start();
        await Waiting.UntilAsync("the control port", TimeSpan.FromSeconds(30), () => Task.FromResult(agent.Cli("read_rate").Output == "read rate: 4 MB/s\n"));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        (await agent.PointAsync(pool, "slow")).DurationUs.ShouldBeGreaterThan(1_000_000);
    }

    [Fact]
    public async Task Who_cannot_read_roots_key_file_cannot_command_the_agent()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 3));
        File.GetUnixFileMode(Path.Combine(agent.Folder, "control_key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Delete(Path.Combine(agent.Folder, "control_key"));
        agent.Cli("clean").ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Files_of_the_installed_layout_are_there_and_secret_ones_are_roots()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 4));
        foreach (var file in (string[])["agent-sync.db", "config.ini", "public_key", "hw_serial", "protect_type", "registered", "disk_uuid_map", "version", "egisplus_version", "client_cert_file", "client_key_file", "collect_system_info.sh", "upgrade_agent.sh", "uninstall_agent.sh"])
        {
            File.Exists(Path.Combine(agent.Folder, file)).ShouldBeTrue(file);
        }

        File.ReadAllText(Path.Combine(agent.Folder, "public_key")).ShouldStartWith("-----BEGIN PUBLIC KEY-----");
        File.GetUnixFileMode(Path.Combine(agent.Folder, "client_key_file")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Exists(Path.Combine(agent.Logs, "linux_agent.log")).ShouldBeTrue();
        // A second agent on the same folder would do each command twice.
        Tool.Try(agent.Program, "run", "--home", agent.Home).Error.ShouldContain("Another egisplus-agent runs");
    }

    [GeneratedRegex(@"^block +mount +fs +free +used +path$", RegexOptions.None, 1000)]
    private static partial Regex MountHeader();

    [GeneratedRegex(@"^Service status\nAgent service is started: Yes\.\nAgent status\nThis agent is registered: Yes\.\nThis agent is protected : No\.\nHeartbeat of this agent : [1-9][0-9]*\.\nFile system\nblock +mount +fs +free +used +path\n(/dev/\S+ +/\S* +\S+ +\S+ +\d+% +\S+\n)+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Good();
}
