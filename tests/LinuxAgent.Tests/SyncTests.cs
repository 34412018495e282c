using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Fixtures;
using HyperBdr.S3Testing;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

public sealed class SyncTests
{
    private const long MiB = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_full_sync_and_an_incremental_one_restore_to_what_the_disk_held()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 64 * MiB, 24 * MiB, seed: 1));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        var disk = agent.Console.Hellos.First().Inventory.Disks.Single();
        var before = agent.DiskHash();

        var full = await agent.PointAsync(pool, "full");
        full.Mode.ShouldBe("full");
        full.SentBytes.ShouldBeGreaterThan(20 * MiB);
        (await pool.RestoredAsync(full.PointId)).ShouldBe(new Dictionary<string, string> { [disk.Id] = before });

        agent.Change(8 * MiB, 40_960);
        var changed = agent.DiskHash();
        var next = await agent.PointAsync(pool, "next", full.PointId);
        next.Mode.ShouldBe("incremental");
        next.SentBytes.ShouldBeLessThan(MiB);
        (await pool.RestoredAsync(next.PointId))[disk.Id].ShouldBe(changed);
        (await pool.RestoredAsync(full.PointId))[disk.Id].ShouldBe(before);
    }

    [Fact]
    public async Task An_agent_that_is_killed_in_the_middle_of_a_sync_goes_on_and_answers_once()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 192 * MiB, 160 * MiB, seed: 2));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        // Slow enough to be met in the middle.
        await agent.BeginAsync(pool, "cut", with: s => s.LimitBitsPerSecond = 400_000_000);
        await Waiting.UntilAsync("packs in the repository", Patience, () => Task.FromResult(pool.Packs() >= 9));
        agent.Kill();
        agent.Console.KeptResults.ShouldBeEmpty();
        var stored = pool.Packs();

        agent.Start();
        var result = await agent.ResultAsync("cut");
        result.Ok.ShouldBeTrue($"{result.Code}: {result.Message}");
        (await pool.RestoredAsync(result.Sync.PointId)).Values.ShouldBe([agent.DiskHash()]);
        // What an index object named before the kill was not sent again.
        result.Sync.SentBytes.ShouldBeLessThan((160 * MiB) - ((stored - 8) * 8 * MiB) + (4 * MiB));
        (await pool.PointsAsync()).Count.ShouldBe(1);
        agent.Console.Results.Count(r => r.CommandId == "cut").ShouldBe(1);
    }

    [Fact]
    public async Task A_point_that_was_published_before_the_kill_is_not_made_twice()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 8 * MiB, seed: 3));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        var first = await agent.PointAsync(pool, "first");
        // The same session under another command, as an agent does that was killed between its point and its answer.
        var again = await agent.PointAsync(pool, "second", with: s =>
        {
            s.TaskId = "first";
            s.SealedSession = agent.Sealed(pool, "first");
        });
        again.PointId.ShouldBe(first.PointId);
        (await pool.PointsAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_sync_that_an_operator_stops_ends_and_the_next_one_uses_what_it_stored()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 128 * MiB, 96 * MiB, seed: 4));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        await agent.BeginAsync(pool, "slow", with: s => s.LimitBitsPerSecond = 24_000_000);
        await Waiting.UntilAsync("packs in the repository", Patience, () => Task.FromResult(pool.Packs() >= 2));
        agent.Cli("check").Output.ShouldContain("This agent is protected : Yes.");
        agent.Cli("clean").ExitCode.ShouldBe(1);
        await agent.Console.SendAsync(new Command { Id = "stop", StopSync = new StopSync { CommandId = "slow" } });
        (await agent.ResultAsync("slow")).Code.ShouldBe("agent.stopped_by_user");
        (await agent.ResultAsync("stop")).Ok.ShouldBeTrue();
        agent.Console.Progress.ShouldContain(p => p.CommandId == "slow" && p.TotalBytes == 128 * MiB && p.DoneBytes > 0 && p.Disks.Count == 1);
        (await pool.PointsAsync()).ShouldBeEmpty();

        var result = await agent.PointAsync(pool, "again");
        result.SentBytes.ShouldBeLessThan(90 * MiB);
        (await pool.RestoredAsync(result.PointId)).Values.ShouldBe([agent.DiskHash()]);
    }

    [Fact]
    public async Task A_rate_that_is_changed_holds_at_once()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 96 * MiB, 96 * MiB, seed: 5));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        // At this rate the sync would take hours.
        await agent.BeginAsync(pool, "slow", with: s => s.LimitBitsPerSecond = 80_000);
        await Waiting.UntilAsync("progress", Patience, () => Task.FromResult(agent.Console.Progress.Any(p => p.ReadBytes > 0)));
        await agent.Console.SendAsync(new Command { Id = "faster", SetRate = new SetRate { CommandId = "slow", LimitBitsPerSecond = 0 } });
        (await agent.ResultAsync("slow")).Ok.ShouldBeTrue();
    }

    [Fact]
    public async Task A_sync_to_an_s3_endpoint_with_a_lent_key_restores()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 48 * MiB, 20 * MiB, seed: 6));
        await using var pool = await Pool.OnS3Async(agent.Home, new S3ServerOptions());
        var result = await agent.PointAsync(pool, "s3");
        (await pool.RestoredAsync(result.PointId)).Values.ShouldBe([agent.DiskHash()]);
        pool.Server!.Keys.ShouldAllBe(k => k.StartsWith("tenant-1/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_excluded_disk_is_not_in_the_point()
    {
        await using var agent = await RunningAgent.UnpackAsync();
        agent.Add(LoopDisk.Random(agent.PathOf("a"), 16 * MiB, 4 * MiB, seed: 7));
        agent.Add(LoopDisk.Random(agent.PathOf("b"), 24 * MiB, 4 * MiB, seed: 8));
        agent.Enrol();
        agent.Start();
        await agent.ConnectedAsync();
        await using var pool = await Pool.InFolderAsync(agent.Home);
        var disks = agent.Console.Hellos.First().Inventory.Disks;
        var left = disks.Single(d => d.LengthBytes == 24 * MiB);
        var result = await agent.PointAsync(pool, "some", with: s => s.ExcludedDiskIds.Add(disks.Single(d => d.LengthBytes == 16 * MiB).Id));
        (await pool.RestoredAsync(result.PointId)).Keys.ShouldBe([left.Id]);
        await agent.FailedAsync(pool, "none", "agent.disk.none", s => s.ExcludedDiskIds.Add(disks.Select(d => d.Id)));
    }
}
