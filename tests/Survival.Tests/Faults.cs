using System.Globalization;
using System.Text.Json.Nodes;
using HyperBdr.Demo;
using HyperBdr.Demo.Api;
using HyperBdr.SurvivalTests.Site;
using Shouldly;
using Xunit;

namespace HyperBdr.SurvivalTests;

/// <summary>What goes wrong at a company without anybody killing anything: the operator is told what and where, and nothing is lost.</summary>
[Collection(SiteCollection.Name)]
public sealed class Faults(ProtectedSite site)
{
    private const int Bytes = 16 << 20;
    private const int SlowMbps = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_full_disk_of_the_agent_is_told_and_the_next_sync_works()
    {
        var fill = Path.Combine(site.Home, "agent", "fill");
        var task = await BrokenAsync(() => FillAsync(fill), "agent.local_full");
        task.Text("error_description").ShouldContain("no room");
        File.Delete(fill);
        await HealthyAsync("agent.local_full");
    }

    [Fact]
    public async Task A_full_pool_is_told_and_the_sync_goes_on_when_there_is_room()
    {
        var fill = Path.Combine(site.Gateway.Data, "fill");
        // The gateway keeps 64 MB free: with less it refuses what is new and serves what it has.
        var free = new DriveInfo(site.Gateway.Data).AvailableFreeSpace;
        await BrokenAsync(() => Tool.RunAsync("fallocate", ["-l", (free - (66L << 20)).ToString(CultureInfo.InvariantCulture), fill], CancellationToken.None), "agent.pool.full");
        await RestoresAsync();
        File.Delete(fill);
        await HealthyAsync("agent.pool.full");
    }

    [Fact]
    public async Task A_wrong_clock_is_told_with_its_offset()
    {
        await site.Agent.RestartAsync([], "+1h");
        try
        {
            await OnlineAsync();
            var task = await EndedAsync(await site.Operator.SyncAsync(), "agent.clock.wrong");
            task.Text("error_description").ShouldContain("60 minutes ahead");
            (await FindingAsync("clock")).Text("state").ShouldBe("blocked");
        }
        finally
        {
            await site.Agent.RestartAsync([]);
        }

        await HealthyAsync("agent.clock.wrong");
    }

    [Fact]
    public async Task A_disk_that_vanishes_is_named()
    {
        var image = Path.Combine(site.Home, "second.raw");
        await Tool.RunAsync("dd", ["if=/dev/urandom", $"of={image}", "bs=1M", "count=48", "status=none"], CancellationToken.None);
        var second = (await Tool.RunAsync("losetup", ["-f", "--show", image], CancellationToken.None)).Trim();
        try
        {
            await site.Agent.RestartAsync([second]);
            await OnlineAsync();
            var task = await BrokenAsync(
                async () =>
                {
                    await Tool.RunAsync("truncate", ["-s", "0", image], CancellationToken.None);
                    await Tool.RunAsync("losetup", ["-c", second], CancellationToken.None);
                },
                "agent.disk.vanished");
            task.Text("error_description").ShouldContain(second);
        }
        finally
        {
            await site.Agent.RestartAsync([]);
            await Tool.RunAsync("losetup", ["-d", second], CancellationToken.None);
        }

        await HealthyAsync("agent.disk.vanished");
    }

    [Fact]
    public async Task A_revoked_certificate_ends_the_stream_and_the_sync_and_a_reinstall_takes_the_host_over()
    {
        var begin = TimeProvider.System.GetUtcNow();
        var task = await BrokenAsync(async () =>
        {
            begin = TimeProvider.System.GetUtcNow();
            await site.Operator.Api.Client.PostAsync($"/api/v1/porter/machines/{site.Operator.HostId}/revoke", new { }, CancellationToken.None);
        }, "porter.machine.revoked", onBus: "machine_state_changed");
        ((task.Time("end_at") ?? default) - begin).ShouldBeLessThan(TimeSpan.FromSeconds(15));
        (await site.Operator.HostAsync()).Text("health").ShouldBe("revoked");
        (await FindingAsync("agent_online")).Text("state").ShouldBe("blocked");

        // No endless retry: what is still sent is no data and no hammering.
        var sent = site.Network.Packets;
        await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System);
        (site.Network.Packets - sent).ShouldBeLessThan(200, site.Agent.Tail());
        await RestoresAsync();

        await site.Agent.Unit.StopAsync();
        await site.Agent.UninstallAsync(CancellationToken.None);
        await site.Agent.InstallAsync(await site.InstallCommandAsync("linux"), CancellationToken.None);
        site.Agent.Unit.Start();
        await HealthyAsync("porter.machine.revoked");
    }

    /// <summary>A sync that is broken in its middle ends with a code, everywhere where somebody looks.</summary>
    private async Task<JsonNode> BrokenAsync(Func<Task> fault, string code, string onBus = "machine_problem")
    {
        site.Writer.Burst(Bytes, Random.Shared.Next());
        var before = site.Network.Sent;
        var id = await site.Operator.SyncAsync(mbps: SlowMbps);
        await Patience.UntilAsync("data flow", Limit, () => Task.FromResult(site.Network.Sent - before > 3 << 20));
        await fault();
        return await EndedAsync(id, code, onBus);
    }

    private async Task<JsonNode> EndedAsync(string id, string code, string onBus = "machine_problem")
    {
        JsonNode task;
        try
        {
            task = await site.Operator.EndedAsync(id, Limit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}: {(await site.Operator.TaskAsync(id)).ToJsonString()}\n{site.Agent.Tail()}", e);
        }

        task.Text("status").ShouldBe("failed", task.ToJsonString());
        task.Text("error_code").ShouldBe(code, task.ToJsonString());
        var host = await site.Operator.HostAsync();
        (host.Text("status"), host.Text("code")).ShouldBe(("sync_failed", code));
        host.Text("reason").ShouldBe(task.Text("error_description"));
        await Patience.UntilAsync($"the trail has {code}", TimeSpan.FromSeconds(30), async () =>
            (await site.Operator.EventsAsync("task_finished")).Any(e => e["detail"]?["task_id"]?.ToString() == id && e["detail"]?["error_code"]?.ToString() == code)
            && (await site.Operator.EventsAsync(onBus)).Any(e => (e["detail"]?["code"] ?? e["detail"]?["state"])?.ToString() is { } said && (said == code || said == "revoked")));
        return task;
    }

    /// <summary>The fault is over: the next sync works, says so, and every recent point restores.</summary>
    private async Task HealthyAsync(string code)
    {
        await OnlineAsync();
        var task = await site.Operator.EndedAsync(await site.Operator.SyncAsync(), Limit);
        task.Text("status").ShouldBe("done", $"after {code}: {task.ToJsonString()}\n{site.Agent.Tail()}");
        var host = await site.Operator.HostAsync();
        host.Text("status").ShouldBe("sync_snapshot_done");
        host["problems"]!.AsArray().ShouldBeEmpty();
        await RestoresAsync();
    }

    private async Task RestoresAsync()
    {
        foreach (var point in (await site.Operator.PointsAsync()).OrderByDescending(p => p.Time("taken_at")).Take(2))
            (await site.Recovery.FaultAsync(point)).ShouldBeNull();
    }

    /// <summary>Connected, with the agent that was started last and what it knows of its disks.</summary>
    private Task OnlineAsync() => Patience.UntilAsync("the host is online", TimeSpan.FromMinutes(1), async () =>
        (await site.Operator.ReadAsync($"/api/v1/porter/machines/{site.Operator.HostId}"))["machine"] is { } machine && machine.Text("availability") == "active"
        && machine.Time("connected_at") > site.Agent.StartedAt && (await site.Operator.HostAsync()).Text("health") == "active");

    private async Task<JsonNode> FindingAsync(string code) =>
        (await site.Operator.ReadinessAsync())["findings"]!.AsArray().Single(f => f!.Text("code") == code)!;

    private static async Task FillAsync(string path)
    {
        try
        {
            await Tool.RunAsync("dd", ["if=/dev/zero", $"of={path}", "bs=1M", "status=none"], CancellationToken.None);
        }
        catch (InvalidOperationException e) when (e.Message.Contains("No space", StringComparison.Ordinal))
        {
            // It is full.
        }
    }
}
