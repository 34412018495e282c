using System.Text.Json.Nodes;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using Task = System.Threading.Tasks.Task;

namespace HyperBdr.Ant.Tests;

/// <summary>Licence units of hosts, their deregistration, and what a changed set of disks does.</summary>
public sealed class LeavingTests(SyncFixture shared) : SyncBench(shared), IClassFixture<SyncFixture>
{
    [Fact]
    public async Task A_host_takes_a_unit_at_its_first_sync_and_keeps_it_a_day_after_its_deregistration()
    {
        Script.Finishes = true;
        await LicenceAsync(units: 1);
        var (first, second) = (await ReadyHostAsync(), await ReadyHostAsync());
        Text(await TaskEndedAsync(await SyncAsync(first)), "status").ShouldBe("done");
        (await HostAsync(first))["licence"].ShouldNotBeNull();
        var (status, refusal) = await Ops.PostAsync("/api/v1/ant/hosts/sync", new { ids = new[] { second } });
        (status, Text(refusal, "code")).ShouldBe((409, "license_insufficient"));
        Text(await HostAsync(second), "status").ShouldBe("host_register_done");
        (await FindingAsync(second, "licence")).ShouldBe("blocked");
        Text(await TaskEndedAsync(await SyncAsync(first)), "status").ShouldBe("done");

        await DeregisterAsync(first);
        (await Ops.PostAsync("/api/v1/ant/hosts/sync", new { ids = new[] { second } })).Status.ShouldBe(409);
        await using (var db = Bench.Ant(Tenant))
        {
            var unit = await db.LicenceUnits.SingleAsync();
            unit.ReleasedAt = unit.ReleasedAt!.Value.AddHours(-25);
            await db.SaveChangesAsync();
        }

        Text(await TaskEndedAsync(await SyncAsync(second)), "status").ShouldBe("done");
    }

    [Fact]
    public async Task A_deregistered_host_loses_its_points_its_settings_and_its_policy()
    {
        Script.Finishes = true;
        var policy = Text(await OkAsync("/api/v1/ant/policies", new { name = "yearly", time_zone = "UTC", start_time = "2020-01-01T00:00", incremental = new { cron = "0 0 1 1 *" } }), "id");
        var host = await ReadyHostAsync(policy);
        await TaskEndedAsync(await SyncAsync(host));
        Script.PointsLeft = new DeleteHostResponse { Deleted = 1, Held = 2 };
        var task = await DeregisterAsync(host);
        Script.Deleted.ShouldBe([host]);
        Script.ResetSettings.ShouldBe([host]);
        Text(task["steps"]![1]!, "message").ShouldBe("1 recovery points were deleted. 2 are on hold and stay.");
        var gone = await HostAsync(host);
        (Text(gone, "stage"), Text(gone, "status"), gone["policy_id"], gone["pool_id"], gone["licence"]).ShouldBe(("deregistered", "host_unregister_done", null, null, null));
        (await Ops.SendAsync(HttpMethod.Delete, $"/api/v1/ant/policies/{policy}")).Status.ShouldBe(204);
    }

    [Fact]
    public async Task Until_its_points_go_an_abort_keeps_the_host_protected()
    {
        Script.Finishes = true;
        var host = await ReadyHostAsync();
        await TaskEndedAsync(await SyncAsync(host));
        Script.Set(away: true);
        var task = await BeginAsync(host);
        Text(await HostAsync(host), "status").ShouldBe("clean_doing");
        (await Ops.PostAsync("/api/v1/ant/hosts/sync", new { ids = new[] { host } })).Status.ShouldBe(409);
        await OkAsync($"/api/v1/ant/tasks/{task}/abort");
        (Text(await HostAsync(host), "stage"), Text(await HostAsync(host), "status")).ShouldBe(("start_dr", "sync_snapshot_done"));
        Script.Set(away: false);
        Script.Deleted.ShouldBeEmpty();
        Text(await TaskEndedAsync(await SyncAsync(host)), "mode").ShouldBe("incremental");
        var kept = await DeregisterAsync(host, keep: true);
        Text(kept, "status").ShouldBe("done");
        Script.Deleted.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_disk_that_shrank_stops_the_sync_until_a_full_one_is_asked_for()
    {
        Script.Finishes = true;
        var host = await ReadyHostAsync();
        await TaskEndedAsync(await SyncAsync(host));
        Script.Disks[1].LengthBytes = 4L << 30;
        (await FindingAsync(host, "disks_unchanged")).ShouldBe("blocked");
        var refused = await TaskEndedAsync(await SyncAsync(host));
        (Text(refused, "status"), Text(refused, "error_code")).ShouldBe(("failed", "disk_shrunk"));
        Text(refused, "error_description").ShouldStartWith("The disk /dev/vdb shrank from 5.0 GiB to 4.0 GiB.");
        Text(await TaskEndedAsync(await SyncAsync(host, "full")), "status").ShouldBe("done");
        Text(await TaskEndedAsync(await SyncAsync(host)), "status").ShouldBe("done");
    }

    [Fact]
    public async Task New_grown_and_vanished_disks_are_told_and_the_sync_goes_on()
    {
        Script.Finishes = true;
        var host = await ReadyHostAsync();
        await TaskEndedAsync(await SyncAsync(host));
        Script.Disks[0].LengthBytes = 11L << 30;
        Script.Disks[1] = new Disk { Id = "disk-c", Device = "/dev/vdc", LengthBytes = 1L << 30 };
        var task = await TaskEndedAsync(await SyncAsync(host));
        Text(task, "status").ShouldBe("done");
        var told = Text(task["steps"]![0]!, "message");
        told.ShouldContain("/dev/vda grew from 10.0 GiB to 11.0 GiB");
        told.ShouldContain("/dev/vdc is new");
        told.ShouldContain("/dev/vdb is gone");
        await using var db = Bench.Ant(Tenant);
        (await db.Hosts.SingleAsync()).SyncedDisks!.Select(d => d.Id).ShouldBe(["disk-a", "disk-c"]);
        (await HostAsync(host))["change_bytes_per_day"].ShouldNotBeNull();
    }

    [Fact]
    public async Task The_disk_that_a_host_starts_from_cannot_be_left_out()
    {
        var host = await EnrolAsync();
        await Waiting.UntilAsync("its disks are known", Soon, async () => (await HostAsync(host))["facts"]?["disks"]?.AsArray().Count == 2);
        await OkAsync("/api/v1/ant/hosts/register", new { ids = new[] { host } });
        var setup = new { ids = new[] { host }, pool_id = Guid.CreateVersion7(), excluded_disks = new[] { "disk-a" } };
        Text((await Ops.PostAsync("/api/v1/ant/hosts/setup", setup)).Body, "code").ShouldBe("ant.host.boot_disk");
    }

    private async Task<string> BeginAsync(string host, bool keep = false) => Text((await OkAsync("/api/v1/ant/hosts/deregister",
        new { ids = new[] { host }, confirm_unprotected = true, confirm_points_deleted = !keep, keep_points = keep }))["results"]![0]!, "task_id");

    private async Task<JsonNode> DeregisterAsync(string host, bool keep = false) => await TaskEndedAsync(await BeginAsync(host, keep));

    private async Task<string> FindingAsync(string host, string code) =>
        Text((await Ops.GetAsync($"/api/v1/ant/hosts/{host}/readiness")).Body["findings"]!.AsArray().Single(f => Text(f!, "code") == code)!, "state");
}
