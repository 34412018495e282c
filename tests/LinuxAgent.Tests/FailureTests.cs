using HyperBdr.Agents.Tests;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Fixtures;
using HyperBdr.S3Testing;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

public sealed class FailureTests
{
    private const long MiB = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_place_that_cannot_be_read_is_named_with_device_and_offset()
    {
        const long bad = 24 * MiB;
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 32 * MiB, 32 * MiB, seed: 1, "--direct-io=on"));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        // A loop device answers reads behind its file's end with an I/O error when it reads the file directly.
        using (var file = File.OpenHandle(agent.PathOf("disk"), FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, bad);
        var failed = await agent.FailedAsync(pool, "bad", "agent.disk.read_failed");
        failed.Message.ShouldContain($"{agent.Devices.Single()} cannot be read at offset {bad}");
        (await pool.PointsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_disk_that_became_smaller_during_the_sync_ends_it()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 96 * MiB, 96 * MiB, seed: 2));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        await agent.BeginAsync(pool, "shrunk", with: s => s.LimitBitsPerSecond = 160_000_000);
        await Waiting.UntilAsync("packs in the repository", Patience, () => Task.FromResult(pool.Packs() >= 1));
        using (var file = File.OpenHandle(agent.PathOf("disk"), FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, 88 * MiB);
        Tool.Run("losetup", "-c", agent.Devices.Single());
        var result = await agent.ResultAsync("shrunk");
        result.Code.ShouldBe("agent.disk.shrunk", result.Message);
        (await pool.PointsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_disk_that_is_taken_away_before_the_sync_is_not_in_it()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 3));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        Tool.Run("losetup", "-d", agent.Devices.Single());
        await agent.FailedAsync(pool, "gone", "agent.disk.none");
    }

    [Theory]
    [InlineData(S3Fault.Full, "agent.pool.full")]
    [InlineData(S3Fault.ExpiredToken, "agent.session.expired")]
    [InlineData(S3Fault.Skewed, "agent.clock.wrong")]
    [InlineData(S3Fault.AccessDenied, "agent.pool.refused")]
    public async Task A_pool_that_does_not_take_it_is_told_by_its_reason(S3Fault fault, string code)
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 12 * MiB, seed: 4));
        await using var pool = await Pool.OnS3Async(agent.Home, new S3ServerOptions());
        pool.Server!.Inject = call => call.Operation == "put" || fault == S3Fault.Skewed ? fault : S3Fault.None;
        await agent.FailedAsync(pool, "refused", code);

        // Nothing stands in the way of the next one.
        pool.Server.Inject = _ => S3Fault.None;
        await agent.PointAsync(pool, "next");
    }

    [Fact]
    public async Task A_pool_that_does_not_answer_is_unreachable_after_the_tries()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 5));
        await using var pool = await Pool.OnS3Async(agent.Home, new S3ServerOptions());
        pool.Access = access => access.Endpoint = $"127.0.0.1:{StandingConsole.FreePort()}";
        var failed = await agent.FailedAsync(pool, "away", "agent.pool.unreachable");
        failed.Message.ShouldContain("does not answer");
    }

    [Fact]
    public async Task A_machine_without_room_for_the_agents_own_files_says_so()
    {
        await using var agent = await RunningAgent.UnpackAsync();
        agent.Add(LoopDisk.Random(agent.PathOf("disk"), 64 * MiB, 64 * MiB, seed: 6));
        var small = agent.PathOf("small");
        Tool.Run("truncate", "-s", "8M", small);
        Tool.Run("mkfs.ext4", "-q", small);
        var mount = Directory.CreateDirectory(Path.Combine(agent.Folder, "index")).FullName;
        Tool.Run("mount", "-o", "loop", small, mount);
        try
        {
            Tool.Try("dd", "if=/dev/zero", $"of={mount}/full", "bs=4096");
            agent.Enrol();
            agent.Start();
            await agent.ConnectedAsync();
            await using var pool = await Pool.InFolderAsync(agent.Home);
            await agent.FailedAsync(pool, "full", "agent.local_full");
        }
        finally
        {
            agent.Kill();
            Tool.Run("umount", mount);
        }
    }

    [Fact]
    public async Task An_access_that_is_sealed_to_another_machine_is_refused()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 7));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        await agent.FailedAsync(pool, "foreign", "agent.session.unreadable", s => s.TaskId = "another");
    }

    [Fact]
    public async Task Scripts_run_by_name_from_the_administrators_folder_and_nothing_else_does()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 8));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        Script(agent, "quiesce", $"echo held; echo \"$@\" >> {agent.PathOf("ran")}");
        Script(agent, "broken", "echo no database >&2; exit 3");
        await agent.PointAsync(pool, "hooked", with: s => (s.PreScript, s.PostScript) = ("quiesce", "quiesce"));
        File.ReadAllLines(agent.PathOf("ran")).ShouldBe(["pre hooked", "post hooked"]);
        File.ReadAllText(Path.Combine(agent.Logs, "agent-syncer.log")).ShouldContain("Script quiesce ran as pre: held");

        (await agent.FailedAsync(pool, "broken", "agent.script.failed", s => s.PreScript = "broken")).Message.ShouldContain("no database");
        await agent.FailedAsync(pool, "outside", "agent.script.refused", s => s.PreScript = "../../../../bin/true");
        await agent.FailedAsync(pool, "text", "agent.script.refused", s => s.PreScript = "rm -rf /");
        File.SetUnixFileMode(Path.Combine(agent.Folder, "scripts", "quiesce"), (UnixFileMode)0b111_111_111);
        await agent.FailedAsync(pool, "anyone", "agent.script.refused", s => s.PreScript = "quiesce");
    }

    [Fact]
    public async Task Settings_of_the_console_act_and_one_that_is_not_the_consoles_is_refused()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 9));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        var disk = agent.Console.Hellos.First().Inventory.Disks.Single();
        await agent.Console.SendAsync(new Command { Id = "own", UpdateSettings = new AgentSettings { Revision = 1, Values = { ["LogPath"] = "/tmp" } } });
        (await agent.ResultAsync("own")).Code.ShouldBe("agent.settings.refused");
        await agent.Console.SendAsync(new Command { Id = "wrong", UpdateSettings = new AgentSettings { Revision = 1, Values = { ["RetryCount"] = "0" } } });
        (await agent.ResultAsync("wrong")).Message.ShouldContain("allowed: 1 to 90 tries");
        await agent.Console.SendAsync(new Command { Id = "set", UpdateSettings = new AgentSettings { Revision = 2, CpuPercent = 50, ExcludedDiskIds = { disk.Id } } });
        (await agent.ResultAsync("set")).Ok.ShouldBeTrue();
        agent.Cli("devices").Output.ShouldContain(" yes ");
        await agent.FailedAsync(pool, "none", "agent.disk.none");

        // They hold over a restart.
        agent.Stop();
        agent.Start();
        await agent.FailedAsync(pool, "none-2", "agent.disk.none");
    }

    private static void Script(RunningAgent agent, string name, string text)
    {
        var path = Path.Combine(agent.Folder, "scripts", name);
        File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
