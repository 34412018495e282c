using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using Shouldly;
using Xunit;

namespace HyperBdr.Ant.Tests;

/// <summary>Hosts and policies over REST: steps of a host's life, guards, roles, validation codes, readiness.</summary>
public sealed class HostCallTests(SyncFixture shared) : SyncBench(shared), IClassFixture<SyncFixture>
{
    private static readonly object Hourly = new { cycle = "hours", every = 1 };

    [Fact]
    public async Task A_host_goes_through_its_steps_and_each_guard_holds()
    {
        Script.Finishes = true;
        var id = await EnrolAsync();
        var ids = new[] { id };
        var pool = Guid.CreateVersion7();
        Text(await HostAsync(id), "stage").ShouldBe("select_host");
        (await Ops.PostAsync("/api/v1/ant/hosts/sync", new { ids })).Status.ShouldBe(409);
        (await Ops.PostAsync("/api/v1/ant/hosts/setup", new { ids, pool_id = pool })).Status.ShouldBe(409);
        await OkAsync("/api/v1/ant/hosts/register", new { ids });
        (await Ops.PostAsync("/api/v1/ant/hosts/register", new { ids })).Status.ShouldBe(409);
        Text(await HostAsync(id), "stage").ShouldBe("setup_dr");
        Text((await Ops.PostAsync("/api/v1/ant/hosts/setup", new { ids, pool_id = PeerScript.UnknownPool })).Body, "code").ShouldBe("storplus.pool.not_found");
        Script.PoolState = "verifying";
        Text((await Ops.PostAsync("/api/v1/ant/hosts/setup", new { ids, pool_id = pool })).Body, "code").ShouldBe("ant.host.pool_not_available");
        Script.PoolState = "available";
        await OkAsync("/api/v1/ant/hosts/setup", new { ids, pool_id = pool, excluded_disks = new[] { "disk-b" }, recovery_settings = new { flavor = "m1", nics = new[] { 1 } } });
        var set = await HostAsync(id);
        (Text(set, "stage"), Text(set, "pool_name"), Text(set["recovery_settings"]!, "flavor")).ShouldBe(("start_dr", "cloud", "m1"));
        await Waiting.UntilAsync("what the machine is was read", Soon, async () => (await HostAsync(id))["facts"]?["disk_count"]?.GetValue<int>() == 2);

        Text(await TaskEndedAsync(await SyncAsync(id)), "status").ShouldBe("done");
        Script.Of(Contracts.Porter.V1.Command.BodyOneofCase.StartSync).First().StartSync.ExcludedDiskIds.ShouldBe(["disk-b"]);
        Text((await Ops.PostAsync("/api/v1/ant/hosts/setup", new { ids, pool_id = Guid.CreateVersion7() })).Body, "code").ShouldBe("ant.host.pool_fixed");

        using var other = As(tenant: Guid.CreateVersion7());
        (await other.GetAsync($"/api/v1/ant/hosts/{id}")).Status.ShouldBe(404);
        foreach (var verb in new[] { "register", "sync", "stop" }) (await other.PostAsync($"/api/v1/ant/hosts/{verb}", new { ids })).Status.ShouldBe(404);
        using var reader = As(Roles.ReadOnly);
        (await reader.GetAsync($"/api/v1/ant/hosts/{id}")).Status.ShouldBe(200);
        (await reader.PostAsync("/api/v1/ant/hosts/sync", new { ids })).Status.ShouldBe(403);

        Text((await Ops.PostAsync("/api/v1/ant/hosts/deregister", new { ids, confirm_unprotected = true })).Body, "code").ShouldBe("ant.host.not_confirmed");
        await PublishAsync(new MachineStateChanged(Guid.Parse(id), "linux_agent", "web-1", "disconnected", "no heartbeat") { TenantId = Tenant, OccurredAt = TimeProvider.System.GetUtcNow() });
        await Waiting.UntilAsync("it is offline", Soon, async () => Text(await HostAsync(id), "health") == "disconnected");
        Text((await Ops.PostAsync("/api/v1/ant/hosts/sync", new { ids })).Body, "code").ShouldBe("host_disconnected");
        Text((await Ops.PostAsync("/api/v1/ant/hosts/deregister", new { ids, confirm_unprotected = true, confirm_points_deleted = true })).Body, "code").ShouldBe("ant.host.force_needed");
        await OkAsync("/api/v1/ant/hosts/deregister", new { ids, confirm_unprotected = true, confirm_points_deleted = true, force = true });
        await Waiting.UntilAsync("it is deregistered", Soon, async () => Text(await HostAsync(id), "stage") == "deregistered");
        Text(await HostAsync(id), "status").ShouldBe("host_unregister_done");
        (await Ops.GetAsync("/api/v1/ant/hosts")).Body["total"]!.GetValue<int>().ShouldBe(0);
    }

    [Fact]
    public async Task A_call_for_many_hosts_has_a_result_for_each()
    {
        Script.Finishes = true;
        var good = await ReadyHostAsync();
        var results = (await OkAsync("/api/v1/ant/hosts/sync", new { ids = new[] { Guid.CreateVersion7().ToString(), good } }))["results"]!.AsArray();
        results.Select(r => (r!["accepted"]!.GetValue<bool>(), Text(r!, "code"))).ShouldBe([(false, "ant.host.not_found"), (true, "")]);
        await TaskEndedAsync(Text(results[1]!, "task_id"));
        var (status, problem) = await Ops.PostAsync("/api/v1/ant/hosts/sync", new { ids = Enumerable.Range(0, 101).Select(_ => Guid.CreateVersion7()) });
        (status, problem["errors"]!["ids"] is not null).ShouldBe((400, true));
    }

    [Fact]
    public async Task Policies_are_kept_by_their_rules_and_show_their_next_times()
    {
        object Form(string name, object? incremental = null) => new { name, time_zone = "Europe/Berlin", start_time = "2020-01-01T00:00", incremental = incremental ?? Hourly };
        var policy = await OkAsync("/api/v1/ant/policies", Form("standard"));
        var id = Text(policy, "id");
        (policy["quota"]!.GetValue<int>(), policy["enabled"]!.GetValue<bool>(), Text(policy, "time_zone")).ShouldBe((7, true, "Europe/Berlin"));
        Text((await Ops.PostAsync("/api/v1/ant/policies", Form("standard"))).Body, "code").ShouldBe("policy.name_conflict");
        Text((await Ops.PostAsync("/api/v1/ant/policies", Form("never", new { cron = "0 0 31 2 *" }))).Body, "code").ShouldBe("policy.cron_never");
        Text((await Ops.PostAsync("/api/v1/ant/policies", Form("wrong", new { cron = "61 * * * *" }))).Body, "code").ShouldBe("policy.cron_invalid");
        (await Ops.GetAsync($"/api/v1/ant/policies/{id}/next")).Body["incremental"]!.AsArray().Count.ShouldBe(10);
        (await OkAsync("/api/v1/ant/policies/preview", Form("x", new { cron = "*/5 * * * *" })))["incremental"]!.AsArray().Count.ShouldBe(10);
        (await OkAsync("/api/v1/ant/policies", Form("often", new { cron = "* * * * *" })))["warnings"]!.AsArray().Count.ShouldBe(1);
        (await Ops.GetAsync("/api/v1/ant/policies/templates")).Body.AsArray().Count.ShouldBe(5);

        var host = await ReadyHostAsync(id);
        Text(await HostAsync(host), "policy_name").ShouldBe("standard");
        Text((await Ops.SendAsync(HttpMethod.Delete, $"/api/v1/ant/policies/{id}")).Body, "code").ShouldBe("policy.in_use");
        await OkAsync($"/api/v1/ant/policies/{id}/hosts", new { detach = new[] { host } });
        await OkAsync($"/api/v1/ant/policies/{id}/hosts", new { attach = new[] { host } });
        (await Ops.GetAsync($"/api/v1/ant/policies/{id}")).Body["host_count"]!.GetValue<int>().ShouldBe(1);
        await OkAsync($"/api/v1/ant/policies/{id}/hosts", new { detach = new[] { host } });
        (await Ops.SendAsync(HttpMethod.Delete, $"/api/v1/ant/policies/{id}")).Status.ShouldBe(204);
        using var person = As(Roles.Operator);
        (await person.PostAsync("/api/v1/ant/policies", Form("mine"))).Status.ShouldBe(403);
        (await person.GetAsync("/api/v1/ant/policies")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Readiness_says_what_is_seen_and_how_old_it_is()
    {
        var policy = Text(await OkAsync("/api/v1/ant/policies", new { name = "hourly", time_zone = "UTC", start_time = "2020-01-01T00:00", incremental = new { cron = "0 0 1 1 *" } }), "id");
        var host = await ReadyHostAsync(policy);
        Script.LastPointAt = TimeProvider.System.GetUtcNow().AddHours(-1);
        (await VerdictsAsync(host)).ShouldBe(("unknown", "agent_online ready, clock ready, disks_supported ready, key_escrowed ready, last_point ready, licence ready, point_whole ready, policy ready, pool_available ready, pool_space ready, repository_whole ready, scoped_credentials ready, tracking_state unknown"));
        var age = (await Ops.GetAsync($"/api/v1/ant/hosts/{host}/readiness")).Body["findings"]!.AsArray().Single(f => Text(f!, "code") == "last_point")!["age_s"]!.GetValue<long>();
        age.ShouldBeInRange(3600, 3700);

        Script.PoolKind = "s3";
        Script.PoolState = "create_failed";
        Script.PoolFree = 10;
        Script.Availability = "disconnected";
        Script.LastPointAt = null;
        await PublishAsync(new MachineProblem(Guid.Parse(host), "web-1", "agent.clock.wrong", "The clock is 400 s ahead.") { TenantId = Tenant, OccurredAt = TimeProvider.System.GetUtcNow() });
        await Waiting.UntilAsync("the problem was heard", Soon, async () => (await HostAsync(host))["problems"]!.AsArray().Count == 1);
        (await VerdictsAsync(host)).ShouldBe(("blocked", "agent_online blocked, clock blocked, disks_supported ready, key_escrowed ready, last_point warning, licence ready, policy ready, pool_available blocked, pool_space warning, repository_whole ready, scoped_credentials warning, tracking_state unknown"));
        Script.Set(away: true);
        (await VerdictsAsync(host)).Verdict.ShouldBe("blocked");
        (await VerdictsAsync(host)).Findings.ShouldStartWith("agent_online unknown");
    }

    private async Task<(string Verdict, string Findings)> VerdictsAsync(string host)
    {
        var (_, view) = await Ops.GetAsync($"/api/v1/ant/hosts/{host}/readiness");
        return (Text(view, "state"), string.Join(", ", view["findings"]!.AsArray().Select(f => $"{Text(f!, "code")} {Text(f!, "state")}").Order(StringComparer.Ordinal)));
    }
}
