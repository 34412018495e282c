using System.Globalization;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.S3Testing;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>Rules that the console or the administrator sets for syncs, seen in a running agent.</summary>
public sealed class RulesTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public async Task A_share_of_the_processors_is_kept()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 24 * MiB, 24 * MiB, seed: 51));
        await using var pool = await Pool.InFolderAsync(agent.Home);
        await agent.Console.SendAsync(new Command { Id = "share", UpdateSettings = new AgentSettings { Revision = 1, CpuPercent = 5 } });
        (await agent.ResultAsync("share")).Ok.ShouldBeTrue();
        var before = ProcessorTime(agent);
        var result = await agent.PointAsync(pool, "slow");
        // What is not compressing, hashing and sealing (the link, the freeze, the commit) is not counted by the share.
        (ProcessorTime(agent) - before).TotalMicroseconds.ShouldBeLessThan(result.DurationUs * 0.3);
    }

    [Fact]
    public async Task A_call_that_fails_is_tried_again_as_often_as_the_configuration_says_and_not_at_all_when_it_says_so()
    {
        await using var agent = await RunningAgent.StartAsync(a => LoopDisk.Random(a.PathOf("disk"), 16 * MiB, 4 * MiB, seed: 52));
        await using var pool = await Pool.OnS3Async(agent.Home, new S3ServerOptions());
        var left = 0;
        pool.Server!.Inject = call => call.Operation == "put" && Interlocked.Decrement(ref left) >= 0 ? S3Fault.SlowDown : S3Fault.None;
        // RetryCount 2 and RetryInterval 1 make four tries: at once, after half a second, and two after one each.
        left = 3;
        await agent.PointAsync(pool, "patient");

        agent.Stop();
        agent.Configure("EnableRetry", "false");
        agent.Start();
        agent.Change(0, 8192);
        left = 1;
        await agent.FailedAsync(pool, "impatient", "agent.pool.unreachable");
        await agent.PointAsync(pool, "well");
    }

    private static TimeSpan ProcessorTime(RunningAgent agent)
    {
        var fields = File.ReadAllText($"/proc/{agent.ProcessId}/stat").Split(") ")[^1].Split(' ');
        return TimeSpan.FromMilliseconds(10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
    }
}
