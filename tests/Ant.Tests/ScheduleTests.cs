using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Scheduling;
using HyperBdr.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;
using TaskState = HyperBdr.Ant.Domain.TaskState;

namespace HyperBdr.Ant.Tests;

/// <summary>The execution rules of the policy reference on simulated days: every tick leaves exactly one record with its decision.</summary>
public sealed class ScheduleTests(BackingServersFixture servers) : IAsyncLifetime
{
    /// <summary>A Sunday.</summary>
    private static readonly DateTimeOffset Midnight = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
    private string connection = "";
    private SimulatedSchedule day = null!;

    public async ValueTask InitializeAsync()
    {
        connection = await servers.NewDatabaseAsync("ticks", CancellationToken.None);
        day = new SimulatedSchedule(connection, Midnight.AddMinutes(-1));
        await day.InAsync(async (_, db) =>
        {
            await db.Database.MigrateAsync();
            return 0;
        });
    }

    public ValueTask DisposeAsync() => day.DisposeAsync();

    [Fact]
    public async Task Ticks_that_meet_a_running_sync_are_skipped_and_never_stacked()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("*/10 * * * *"));
        await day.MinutesUntilAsync(At(0, 27));
        await day.EndSyncAsync(host);
        await day.MinutesUntilAsync(At(0, 30));
        (await DecisionsAsync(host)).ShouldBe(["00:00 started", "00:10 skipped_busy", "00:20 skipped_busy", "00:30 started"]);
        (await day.TasksAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_full_tick_waits_for_the_running_sync_and_starts_when_it_ends()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("8 * * * *", "10 0 * * 0"));
        await day.MinutesUntilAsync(At(0, 22));
        (await DecisionsAsync(host)).ShouldBe(["00:08 started", "00:10 pending"]);
        await day.EndSyncAsync(host);
        await day.MinutesUntilAsync(At(1, 8));
        (await DecisionsAsync(host)).ShouldBe(["00:08 started", "00:10 started", "01:08 skipped_busy"]);
        var full = (await day.TasksAsync())[1];
        full.Inputs!["mode"].ShouldBe("full");
        full.StartAt.ShouldBe(At(0, 23));
        (await day.TicksAsync(host))[1].TaskId.ShouldBe(full.Id);
    }

    [Fact]
    public async Task A_waiting_full_tick_gives_its_place_to_the_next_one()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("0 0 * * *", "30 * * * *"));
        await day.MinutesUntilAsync(At(1, 30));
        (await DecisionsAsync(host)).ShouldBe(["00:00 started", "00:30 dropped", "01:30 pending"]);
    }

    [Fact]
    public async Task A_takeover_a_deregistration_and_a_missing_licence_unit_each_have_their_own_decision()
    {
        var policy = await day.AddPolicyAsync("0 * * * *");
        var taken = await day.AddHostAsync(policy);
        var leaving = await day.AddHostAsync(policy);
        await day.ChangeHostAsync(taken, h => h.TakeOver(day.Now).ShouldBeNull());
        await day.ChangeHostAsync(leaving, h => h.BeginDeregistration(Guid.CreateVersion7(), withPoints: true));
        await day.AtAsync(At(0, 0));
        (await DecisionsAsync(taken)).ShouldBe(["00:00 skipped_takeover"]);
        (await DecisionsAsync(leaving)).ShouldBe(["00:00 skipped_deregistering"]);
        await day.ChangeHostAsync(taken, h => h.ReleaseTakeover().ShouldBeNull());
        await day.AtAsync(At(1, 0));
        (await DecisionsAsync(taken)).ShouldBe(["00:00 skipped_takeover", "01:00 started"]);

        await using var other = new SimulatedSchedule(connection, At(0, 0).AddSeconds(-1)) { Licensed = false };
        var none = await other.AddHostAsync(await other.AddPolicyAsync("0 * * * *"));
        await other.AtAsync(At(0, 0));
        (await other.TicksAsync(none)).Single().Decision.ShouldBe("license_insufficient");
        ((await other.HostAsync(none)).FaultCode, (await other.TasksAsync()).Count).ShouldBe(("license_insufficient", 0));
    }

    [Fact]
    public async Task Of_a_full_and_an_incremental_in_one_minute_the_full_one_runs()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("0 * * * *", "0 1 * * *"));
        await day.MinutesUntilAsync(At(0, 1));
        await day.EndSyncAsync(host);
        await day.MinutesUntilAsync(At(1, 0));
        (await day.TicksAsync(host)).Select(t => $"{t.Mode} {t.Decision}").ShouldBe(["incremental started", "full started", "incremental skipped_full_due"]);
    }

    [Fact]
    public async Task A_run_less_than_five_minutes_after_the_last_one_is_skipped()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("*/7 * * * *"));
        foreach (var (hour, minute) in new[] { (0, 49), (0, 56), (1, 0), (1, 7) })
        {
            await day.AtAsync(At(hour, minute));
            if ((await day.HostAsync(host)).CurrentTaskId is not null) await day.EndSyncAsync(host);
        }

        (await DecisionsAsync(host)).TakeLast(3).ShouldBe(["00:56 started", "01:00 min_interval", "01:07 started"]);
    }

    [Fact]
    public async Task The_first_sync_is_full_and_one_after_an_unfinished_full_one_too()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("*/10 * * * *"), synced: false);
        await day.AtAsync(At(0, 0));
        (await day.TasksAsync())[0].Inputs!["mode"].ShouldBe("full");
        await day.EndSyncAsync(host);
        await day.AtAsync(At(0, 10));
        (await day.TasksAsync())[1].Inputs!["mode"].ShouldBe("incremental");
        await day.EndSyncAsync(host);
        await day.ChangeHostAsync(host, h => h.Reenrolled("web-1"));
        await day.AtAsync(At(0, 20));
        var upgraded = (await day.TasksAsync())[2].Inputs!;
        (upgraded["mode"], upgraded["mode_reason"]).ShouldBe(("full", "The agent was installed again."));
    }

    [Fact]
    public async Task After_a_time_away_at_most_one_run_per_schedule_follows()
    {
        var often = await day.AddHostAsync(await day.AddPolicyAsync("*/5 * * * *"));
        var nightly = await day.AddHostAsync(await day.AddPolicyAsync("0 2 * * *"));
        await day.AtAsync(At(1, 50));
        await day.EndSyncAsync(often);
        await day.AtAsync(At(2, 30));
        var last = (await day.TicksAsync(often))[^1];
        (last.Decision, last.At, last.Missed).ShouldBe(("started", At(2, 30), 7L));
        (await DecisionsAsync(nightly)).ShouldBe(["02:00 started"]);
        (await day.TasksAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_is_older_than_an_hour_is_not_caught_up_and_is_on_record()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("0 2 * * *"));
        await day.AtAsync(At(4, 0));
        (await DecisionsAsync(host)).ShouldBe(["02:00 skipped_missed"]);
        await day.AtAsync(At(26, 0));
        (await DecisionsAsync(host)).ShouldBe(["02:00 skipped_missed", "02:00 started"]);
    }

    [Fact]
    public async Task An_offline_host_fails_at_once_and_is_tried_at_the_next_tick()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("*/10 * * * *"));
        await day.ChangeHostAsync(host, h => h.BecomeHealthy(HostHealth.Disconnected, "web-1", "no heartbeat", Midnight));
        await day.AtAsync(At(0, 0));
        (await DecisionsAsync(host)).ShouldBe(["00:00 host_disconnected"]);
        var seen = await day.HostAsync(host);
        (seen.Status, seen.FaultCode).ShouldBe((HostStatus.SyncFailed, "host_disconnected"));
        await day.ChangeHostAsync(host, h => h.BecomeHealthy(HostHealth.Active, "web-1", null, Midnight));
        await day.AtAsync(At(0, 10));
        (await DecisionsAsync(host)).ShouldBe(["00:00 host_disconnected", "00:10 started"]);
    }

    [Fact]
    public async Task Schedules_of_a_switched_off_tenant_pause()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("*/10 * * * *"));
        await day.InAsync(async (_, db) =>
        {
            db.PausedTenants.Add(new PausedTenant { Id = day.Tenant });
            return await db.SaveChangesAsync();
        });
        await day.AtAsync(At(0, 0));
        (await DecisionsAsync(host)).ShouldBe(["00:00 tenant_disabled"]);
    }

    [Fact]
    public async Task A_disabled_policy_has_no_ticks_and_an_enabled_one_counts_from_then_on()
    {
        var policy = await day.AddPolicyAsync("*/10 * * * *");
        var host = await day.AddHostAsync(policy);
        await PolicyAsync(policy, p => p.Disable());
        await day.AtAsync(At(0, 25));
        await PolicyAsync(policy, p => p.Enable(day.Now));
        await day.AtAsync(At(0, 30));
        (await DecisionsAsync(host)).ShouldBe(["00:30 started"]);
    }

    [Fact]
    public async Task Eight_replicas_that_look_at_one_tick_start_each_host_once()
    {
        var policy = await day.AddPolicyAsync("0 * * * *");
        var hosts = new List<Guid>();
        for (var i = 0; i < 12; i++) hosts.Add(await day.AddHostAsync(policy));
        await day.AtAsync(Midnight.AddSeconds(-1));
        await using var second = new SimulatedSchedule(connection, At(0, 0).AddSeconds(1));
        var won = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => second.InAsync((p, _) => p.GetRequiredService<PolicyTicks>().DecideAsync(day.Tenant, policy, CancellationToken.None))));
        // Not this tenant's scope: it sees nothing and decides nothing.
        won.ShouldAllBe(w => !w);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => second.Pass.TickAsync(CancellationToken.None)));
        (await day.TasksAsync()).GroupBy(t => t.SourceId).Select(g => g.Count()).ShouldBe(Enumerable.Repeat(1, 12));
        foreach (var host in hosts) (await day.TicksAsync(host)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task More_syncs_than_a_tenant_may_run_wait_for_a_place_oldest_first()
    {
        await using var narrow = new SimulatedSchedule(connection, Midnight.AddMinutes(-1), perTenant: 3);
        var policy = await narrow.AddPolicyAsync("0 0 * * *");
        for (var i = 0; i < 5; i++) await narrow.AddHostAsync(policy);
        await narrow.AtAsync(At(0, 0));
        (await narrow.TasksAsync()).Select(t => t.Status).ShouldBe([TaskState.Working, TaskState.Working, TaskState.Working, TaskState.Pending, TaskState.Pending]);
        await narrow.EndSyncAsync((await narrow.TasksAsync())[1].SourceId);
        await narrow.AtAsync(At(0, 1));
        (await narrow.TasksAsync()).Select(t => t.Status).ShouldBe([TaskState.Working, TaskState.Done, TaskState.Working, TaskState.Working, TaskState.Pending]);
        await narrow.AtAsync(At(1, 1));
        (await narrow.InAsync((_, db) => db.Outbox.CountAsync(m => m.Type == "MachineProblem"))).ShouldBe(1);
    }

    [Fact]
    public async Task A_simulated_week_has_one_record_for_every_tick()
    {
        var host = await day.AddHostAsync(await day.AddPolicyAsync("20 * * * *", "0 3 * * 3"));
        for (var hour = 0; hour < 7 * 24; hour++)
        {
            foreach (var minute in new[] { 0, 20 })
            {
                await day.AtAsync(At(hour, minute));
                if ((await day.HostAsync(host)).CurrentTaskId is not null) await day.EndSyncAsync(host);
            }
        }

        var ticks = await day.TicksAsync(host);
        ticks.Count.ShouldBe(7 * 24 + 1);
        ticks.ShouldAllBe(t => t.Decision == "started" && t.Missed == 0);
        (await day.TasksAsync()).Count(t => t.Inputs!["mode"] == "full").ShouldBe(1);
    }

    private static DateTimeOffset At(int hour, int minute) => Midnight.AddHours(hour).AddMinutes(minute);

    private async Task<List<string>> DecisionsAsync(Guid host) => [.. (await day.TicksAsync(host)).Select(t => $"{t.At:HH:mm} {t.Decision}")];

    private Task<int> PolicyAsync(Guid id, Action<Domain.Policies.Policy> change) => day.InAsync(async (_, db) =>
    {
        change(await db.Policies.SingleAsync(p => p.Id == id));
        return await db.SaveChangesAsync();
    });
}
