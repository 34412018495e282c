using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Fixtures;
using Shouldly;
using Xunit;
using Task = System.Threading.Tasks.Task;

namespace HyperBdr.Ant.Tests;

/// <summary>Sync tasks of the real ant: what they ask of porter and storplus, and what they survive.</summary>
public sealed class SyncTests(SyncFixture shared) : SyncBench(shared), IClassFixture<SyncFixture>
{
    [Fact]
    public async Task A_sync_opens_a_session_lets_the_machine_write_and_lists_the_point()
    {
        var policy = Text(await OkAsync("/api/v1/ant/policies", new { name = "daily", quota = 30, time_zone = "Asia/Shanghai", start_time = "2020-01-01T00:00", incremental = new { cron = "0 0 1 1 *" }, retention = new[] { new { period = "day", ordinal = 1, keep = 7, unit = "day" } } }), "id");
        var host = await ReadyHostAsync(policy);
        var id = await SyncAsync(host);
        Text(await HostAsync(host), "status").ShouldBe("sync_doing");
        var run = await StartedAsync();
        Script.Progress(run, 250, 1000);
        await Waiting.UntilAsync("progress is shown", Soon, async () => (await TaskAsync(id))["percent"]!.GetValue<int>() == 25);
        var moving = await TaskAsync(id);
        moving["progress"]!["sent_bytes"]!.GetValue<long>().ShouldBe(125);
        moving["progress"]!["remaining_s"]!.GetValue<long>().ShouldBe(60);
        Text(moving["steps"]![1]!, "message").ShouldStartWith("25% of 1000 bytes");
        Script.End(run);

        var task = await TaskEndedAsync(id);
        Text(task, "status").ShouldBe("done", task.ToString());
        (Text(task, "mode"), task["percent"]!.GetValue<int>()).ShouldBe(("full", 100));
        var outcome = task["outcome"]!;
        (outcome["freeze_us"]!.GetValue<long>(), outcome["duration_us"]!.GetValue<long>(), outcome["read_bytes"]!.GetValue<long>(), outcome["sent_bytes"]!.GetValue<long>()).ShouldBe((12_000L, 3_000_000L, 1000L, 500L));
        (Text(outcome, "consistency"), Text(outcome, "consistency_reason")).ShouldBe(("file_system", "No hook is set."));
        task["progress"]!["bytes_per_second"]!.GetValue<long>().ShouldBe(0);
        var seen = await HostAsync(host);
        Text(seen, "status").ShouldBe("sync_snapshot_done");
        Text(seen["last_sync"]!, "point_id").ShouldBe($"point-{run}");
        seen["task_id"].ShouldBeNull();
        run.ShouldBe(id);
        var opened = Script.Opened.ShouldHaveSingleItem();
        (opened.TaskId, opened.HostId, opened.Quota, opened.Full, opened.TimeZone, opened.ReaderKey.ToStringUtf8()).ShouldBe((id, host, 30, true, "Asia/Shanghai", "key"));
        opened.Retention.ShouldHaveSingleItem().Keep.ShouldBe(7);
        var committed = Script.Committed.ShouldHaveSingleItem();
        (committed.SessionId, committed.PointId, committed.Mode, committed.SentBytes).ShouldBe(($"session-{id}", $"point-{id}", "full", 500));
        (committed.FreezeUs, committed.DurationUs, committed.ConsistencyReason).ShouldBe((12_000, 3_000_000, "No hook is set."));
        var start = Script.Of(Command.BodyOneofCase.StartSync).First().StartSync;
        (start.TaskId, start.HostId, start.Mode, start.LimitBitsPerSecond).ShouldBe((id, host, "full", 0L));

        var next = await SyncAsync(host);
        Script.End(await StartedAsync(2));
        (Text(await TaskEndedAsync(next), "status"), Script.Committed.Last().Mode, Script.Opened.Last().Full).ShouldBe(("done", "incremental", false));
    }

    [Fact]
    public async Task A_transfer_whose_worker_is_killed_goes_on_with_the_same_session_and_command()
    {
        var host = await ReadyHostAsync();
        var id = await SyncAsync(host);
        var run = await StartedAsync();
        Script.Progress(run, 500, 1000);
        await KillAndRestartAsync();
        await Waiting.UntilAsync("the new worker follows", Soon, () => Task.FromResult(Script.Of(Command.BodyOneofCase.StartSync).Count() == 2));
        Script.End(run);
        Text(await TaskEndedAsync(id), "status").ShouldBe("done");
        Script.Opened.Count.ShouldBe(1);
        Script.Committed.Count.ShouldBe(1);
        Script.Of(Command.BodyOneofCase.StartSync).Select(c => c.Id).Distinct().ShouldBe([run]);
        (await TaskAsync(id))["steps"]!.AsArray().Select(s => s!["attempts"]!.GetValue<int>()).ShouldBe([1, 2, 1]);
    }

    [Fact]
    public async Task A_stopped_sync_says_so_at_once_tells_the_machine_and_can_be_retried_anew()
    {
        var host = await ReadyHostAsync();
        var id = await SyncAsync(host);
        var run = await StartedAsync();
        await OkAsync("/api/v1/ant/hosts/stop", new { ids = new[] { host } });
        var stopped = await HostAsync(host);
        (Text(stopped, "status"), Text(stopped, "code")).ShouldBe(("sync_failed", "stopped_by_user"));
        (Text(await TaskAsync(id), "status"), Text(await TaskAsync(id), "error_code")).ShouldBe(("aborted", "stopped_by_user"));
        await Waiting.UntilAsync("the session ended", Soon, () => Task.FromResult(Script.Abandoned.Contains($"session-{run}")));
        Script.Of(Command.BodyOneofCase.StopSync).ShouldHaveSingleItem().StopSync.CommandId.ShouldBe(run);
        (await Ops.PostAsync("/api/v1/ant/hosts/stop", new { ids = new[] { host } })).Status.ShouldBe(409);

        await OkAsync($"/api/v1/ant/tasks/{id}/retry");
        Text(await HostAsync(host), "status").ShouldBe("sync_doing");
        var again = await StartedAsync(2);
        again.ShouldNotBe(run);
        Script.End(again);
        Text(await TaskEndedAsync(id), "status").ShouldBe("done");
        Script.Opened.Select(o => o.TaskId).ShouldBe([run, again]);
    }

    [Fact]
    public async Task What_the_agent_says_is_the_reason_and_the_session_ends()
    {
        var host = await ReadyHostAsync();
        var id = await SyncAsync(host);
        var run = await StartedAsync();
        Script.End(run, new CommandResult { CommandId = run, Ok = false, Code = "agent.disk.read_failed", Message = "The disk /dev/vdb cannot be read." });
        var task = await TaskEndedAsync(id);
        (Text(task, "status"), Text(task, "error_code"), Text(task, "error_description")).ShouldBe(("failed", "agent.disk.read_failed", "The disk /dev/vdb cannot be read."));
        (Text(await HostAsync(host), "status"), Text(await HostAsync(host), "code")).ShouldBe(("sync_failed", "agent.disk.read_failed"));
        await Waiting.UntilAsync("the session ended", Soon, () => Task.FromResult(Script.Abandoned.Contains($"session-{run}")));
        Script.Committed.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refusal_of_the_storage_service_fails_the_sync_before_the_machine_hears_of_it()
    {
        Script.RefuseOpen = "storplus.points.quota_exhausted";
        var task = await TaskEndedAsync(await SyncAsync(await ReadyHostAsync()));
        Text(task, "error_code").ShouldBe("snapshot_quota_exhausted");
        Script.Sent.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_host_that_comes_back_in_time_goes_on_and_one_that_does_not_fails()
    {
        var host = await ReadyHostAsync();
        var id = await SyncAsync(host);
        var run = await StartedAsync();
        Script.Set(connected: false);
        await Waiting.UntilAsync("the absence is told", Soon, async () => Text((await TaskAsync(id))["steps"]![1]!, "message").StartsWith("The host is offline", StringComparison.Ordinal));
        (await TaskAsync(id))["progress"]!["bytes_per_second"]!.GetValue<long>().ShouldBe(0);
        Script.Set(connected: true);
        Script.End(run);
        Text(await TaskEndedAsync(id), "status").ShouldBe("done");

        var second = await SyncAsync(host);
        await StartedAsync(2);
        Script.Set(connected: false);
        var task = await TaskEndedAsync(second);
        (Text(task, "status"), Text(task, "error_code")).ShouldBe(("failed", "host_disconnected"));
    }

    [Fact]
    public async Task While_nobody_answers_the_sync_waits_and_then_goes_on()
    {
        var host = await ReadyHostAsync();
        var id = await SyncAsync(host);
        var run = await StartedAsync();
        Script.Set(away: true);
        await Waiting.UntilAsync("the trouble is told", Soon, async () => Text((await TaskAsync(id))["steps"]![1]!, "message").Contains("does not answer", StringComparison.Ordinal));
        Script.Set(away: false);
        Script.End(run);
        Text(await TaskEndedAsync(id), "status").ShouldBe("done");
        Script.Committed.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_changed_window_reaches_the_running_sync()
    {
        object Form(int mbps) => new { name = "limited", time_zone = "UTC", start_time = "2020-01-01T00:00", speed_limit = new[] { new { cycle = "days", every = 1, from = "00:00", to = "23:59", mbps } } };
        var policy = Text(await OkAsync("/api/v1/ant/policies", Form(50)), "id");
        var host = await ReadyHostAsync(policy);
        var id = await SyncAsync(host);
        var run = await StartedAsync();
        Script.Of(Command.BodyOneofCase.StartSync).First().StartSync.LimitBitsPerSecond.ShouldBe(50_000_000);
        (await Ops.SendAsync(HttpMethod.Put, $"/api/v1/ant/policies/{policy}", Form(20))).Status.ShouldBe(200);
        await Waiting.UntilAsync("the new limit arrived", Soon, () => Task.FromResult(Script.Of(Command.BodyOneofCase.SetRate).Any(c => c.SetRate.LimitBitsPerSecond == 20_000_000 && c.SetRate.CommandId == run)));
        (await Ops.PostAsync($"/api/v1/ant/policies/{policy}/disable")).Status.ShouldBe(200);
        await Waiting.UntilAsync("no limit is left", Soon, () => Task.FromResult(Script.Of(Command.BodyOneofCase.SetRate).Any(c => c.SetRate.LimitBitsPerSecond == 0)));
        Script.End(run);
        Text(await TaskEndedAsync(id), "status").ShouldBe("done");
    }

    [Fact]
    public async Task Transfers_take_no_place_from_other_tasks()
    {
        var tasks = new List<string>();
        for (var i = 1; i <= 4; i++)
        {
            tasks.Add(await SyncAsync(await ReadyHostAsync()));
            await StartedAsync(i);
        }

        var waiting = await ReadyHostAsync();
        var fifth = await SyncAsync(waiting);
        Text(await TaskAsync(fifth), "status").ShouldBe("pending");
        Text(await HostAsync(waiting), "status").ShouldBe("sync_doing");
        Script.EndAll();
        foreach (var id in tasks.Append(fifth)) Text(await TaskEndedAsync(id), "status").ShouldBe("done");
        Script.Committed.Count.ShouldBe(5);
    }
}
