using System.Text.Json.Nodes;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shouldly;
using Xunit;

namespace HyperBdr.Storplus.Tests;

/// <summary>What the catalogue knows of points, and how it is cared for: damage, space, imports, sessions that nobody ends, hosts that leave.</summary>
public sealed partial class SyncTests
{
    [Fact]
    public async Task What_the_machine_measured_is_kept_with_the_point()
    {
        var pool = await FolderPoolAsync();
        var task = Guid.CreateVersion7();
        var session = await OpenAsync(pool, machine, task);
        var request = new CommitWriteSessionRequest
        {
            SessionId = session.Id, PointId = await machine.WriteAsync(machine.SecretOf(session, task)), Mode = "full", SentBytes = 7, FreezeUs = 12_000, DurationUs = 3_000_000,
            ConsistencyReason = "No hook\nis set.", ModeReason = "asked", Warnings = { "capture.hooks.failed: no" },
        };
        var listed = await Sessions.CommitAsync(request, Ant());
        (listed.FreezeUs, listed.DurationUs, listed.SentBytes, listed.Available).ShouldBe((12_000, 3_000_000, 7, true));
        var view = await PointAsync(listed.Id);
        (view["consistency_reason"]!.ToString(), view["mode_reason"]!.ToString(), view["freeze_us"]!.GetValue<long>(), view["available"]!.GetValue<bool>()).ShouldBe(("No hook is set.", "asked", 12_000L, true));
        view["warnings"]!.AsArray().Single()!.ToString().ShouldBe("capture.hooks.failed: no");
        (await shared.EventsAsync(tenant, "RecoveryPointCreated")).Single().ShouldContain(machine.Name);
    }

    [Fact]
    public async Task A_host_that_leaves_takes_its_points_along_but_for_those_on_hold()
    {
        var pool = await FolderPoolAsync();
        var held = await SyncAsync(pool, machine);
        var gone = await SyncAsync(pool, machine);
        var open = await OpenAsync(pool, machine, Guid.CreateVersion7());
        using var other = new ProductionHost("stays");
        var stays = await SyncAsync(pool, other);
        (await Admin.SendAsync(HttpMethod.Put, $"{Api}/points/{held.Id}/hold", new { reason = "audit 2026" })).Status.ShouldBe(200);
        var request = new DeleteHostRequest { HostId = machine.HostId.ToString() };
        var answer = await Sessions.DeleteHostAsync(request, Ant());
        (answer.Deleted, answer.Remaining, answer.Held).ShouldBe((1, 0, 1));
        (await IdsAsync()).ShouldBe([stays.Id, held.Id], ignoreOrder: true);
        (await PointAsync(gone.Id))["code"]!.ToString().ShouldBe("storplus.point.not_found");
        (await CodeAsync(() => CommitAsync(open.Id, new string('0', 64)))).ShouldBe("storplus.session.ended");
        (await shared.EventsAsync(tenant, "RecoveryPointDeleted")).Single().ShouldContain("deregistered");
        (await Sessions.DeleteHostAsync(request, Ant())).Deleted.ShouldBe(0);
    }

    [Fact]
    public async Task Points_that_a_restored_database_does_not_know_are_found_and_listed_when_that_is_asked_for()
    {
        var pool = await FolderPoolAsync();
        var task = Guid.CreateVersion7();
        var session = await OpenAsync(pool, machine, task);
        var lost = await CommitAsync(session.Id, await machine.WriteAsync(machine.SecretOf(session, task)));
        var known = await SyncAsync(pool, machine);
        var repository = (await Admin.GetAsync($"{Api}/repositories")).Body["items"]![0]!["id"]!.ToString();
        // A session that is open has a manifest too; it is nobody's to import.
        var running = Guid.CreateVersion7();
        var unfinished = await machine.WriteAsync(machine.SecretOf(await OpenAsync(pool, machine, running), running));
        await using (var db = StorplusFixture.Db(shared.Connection, tenant))
        {
            await db.Points.Where(p => p.PointId == lost.Id).ExecuteDeleteAsync();
            await db.WriteSessions.Where(s => s.TaskId == task).ExecuteDeleteAsync();
        }

        (await RunAsync(repository, "verify"))["result"]!["unlisted_points"]!.GetValue<int>().ShouldBe(1);
        (await shared.EventsAsync(tenant, "PoolProblem")).Single().ShouldContain("storplus.repository.unlisted");
        (await IdsAsync()).ShouldBe([known.Id]);
        var run = await RunAsync(repository, "import");
        run["result"]!["imported"]!.AsArray().Select(p => p!.ToString()).ShouldBe([lost.Id], run.ToJsonString());
        (await IdsAsync()).ShouldBe([known.Id, lost.Id], ignoreOrder: true);
        var back = await PointAsync(lost.Id);
        (back["host_id"]!.ToString(), back["mode"]!.ToString(), back["available"]!.GetValue<bool>()).ShouldBe((machine.HostId.ToString(), "full", true));
        (await IdsAsync()).ShouldNotContain(unfinished);
        (await Admin.GetAsync($"{Api}/repositories/{repository}")).Body["unlisted"]!.GetValue<int>().ShouldBe(0);
    }

    [Fact]
    public async Task Sessions_that_nobody_ends_expire_and_old_ones_are_forgotten()
    {
        var pool = await FolderPoolAsync();
        await SyncAsync(pool, machine);
        var silent = Guid.CreateVersion7();
        var session = await OpenAsync(pool, machine, silent);
        await SetAsync($"update write_sessions set expires_at = now() - interval '2 hours' where id = '{session.Id}'");
        var point = await Waiting.UntilAsync<JsonNode>("it has failed", Soon, async () => await PointAsync(session.Id) is var p && p["state"]!.ToString() == "create_failed" ? p : null);
        point["code"]!.ToString().ShouldBe("storplus.session.expired");
        (await CodeAsync(() => CommitAsync(session.Id, new string('0', 64)))).ShouldBe("storplus.session.ended");
        await SetAsync($"update write_sessions set expires_at = now() - interval '31 days' where tenant_id = '{tenant}'");
        await Waiting.UntilAsync("they are forgotten", Soon, async () =>
        {
            await using var db = StorplusFixture.Db(shared.Connection, tenant);
            return !await db.WriteSessions.AnyAsync();
        });
        (await IdsAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Retention_is_applied_by_the_clock_and_a_hold_outlives_it()
    {
        var pool = await FolderPoolAsync();
        var (kept, gone) = (await SyncAsync(pool, machine), await SyncAsync(pool, machine));
        var newest = await SyncAsync(pool, machine);
        (await Admin.SendAsync(HttpMethod.Put, $"{Api}/points/{kept.Id}/hold", new { reason = "audit 2026" })).Status.ShouldBe(200);
        // The first two were made long ago, each the first of its day; a day was to be kept.
        await SetAsync($"update points set taken_at = now() - interval '9 days', day_ordinal = 1 where point_id = '{kept.Id}'");
        await SetAsync($"update points set taken_at = now() - interval '8 days', day_ordinal = 1 where point_id = '{gone.Id}'");
        await SetAsync($$"""update host_retentions set rules = '[{"Period":0,"Ordinal":1,"Keep":1,"Unit":0,"Since":null}]' where host_id = '{{machine.HostId}}'""");
        await Waiting.UntilAsync("what expired is gone", Soon, async () => !(await IdsAsync()).Contains(gone.Id));
        (await IdsAsync()).ShouldBe([kept.Id, newest.Id], ignoreOrder: true);
        (await shared.EventsAsync(tenant, "RecoveryPointDeleted")).Single().ShouldContain("retention_expired");
    }

    [Fact]
    public async Task Growth_and_days_to_full_are_what_the_samples_say()
    {
        var pool = await FolderPoolAsync();
        await SyncAsync(pool, machine);
        var repository = (await Admin.GetAsync($"{Api}/repositories")).Body["items"]![0]!["id"]!.ToString();
        await SetAsync($"insert into capacity_samples (repository_id, day, tenant_id, used_bytes) values ('{repository}', current_date - 10, '{tenant}', 0)");
        var view = await Waiting.UntilAsync<JsonNode>("today's sample is there", Soon, async () =>
            (await Admin.GetAsync($"{Api}/repositories/{repository}")).Body is var seen && seen["free_bytes"] is not null && seen["growth_per_day"]?.GetValue<long>() == seen["used_bytes"]!.GetValue<long>() / 10 ? seen : null);
        var growth = view["growth_per_day"]!.GetValue<long>();
        growth.ShouldBeGreaterThan(200_000);
        view["days_to_full"]!.GetValue<int>().ShouldBe((int)Math.Min(int.MaxValue, view["free_bytes"]!.GetValue<long>() / growth));
        (view["source_bytes"]!.GetValue<long>(), view["saved_by_compression"]!.GetValue<long>()).ShouldBe((machine.Disk.Length, 0L));
    }

    /// <summary>A damaged point is shown as such, is no parent, and does not count as the last good one.</summary>
    private async Task DamagedPointIsNoSubstituteAsync(string pool, string damaged)
    {
        var view = await PointAsync(damaged);
        (view["available"]!.GetValue<bool>(), view["state"]!.ToString()).ShouldBe((false, "create_done"));
        (await shared.EventsAsync(tenant, "RecoveryPointChecked")).Single().ShouldContain(damaged);
        var session = await OpenAsync(pool, machine, Guid.CreateVersion7());
        session.ParentPointId.ShouldBeEmpty();
    }

    /// <summary>The gateway's disk fills up and is emptied again: told once each.</summary>
    private async Task SpaceIsFollowedAsync(string pool)
    {
        shared.Gateway.FreeBytes = 100;
        await Waiting.UntilAsync("it is told", Soon, async () => (await shared.EventsAsync(tenant, "PoolProblem")).Count == 1);
        (await shared.EventsAsync(tenant, "PoolProblem")).Single().ShouldContain("storplus.pool.nearly_full");
        var seen = (await Admin.GetAsync($"{Api}/pools/{pool}")).Body["space"]!;
        (seen["total_bytes"]!.GetValue<long>(), seen["free_bytes"]!.GetValue<long>()).ShouldBe((1000L, 100L));
        var wire = await new Pools.PoolsClient(shared.Channel).GetPoolAsync(new GetPoolRequest { PoolId = pool }, Admin.GrpcHeaders);
        (wire.TotalBytes, wire.NearlyFull, wire.HasRepository, wire.Escrowed).ShouldBe((1000, true, true, false));
        shared.Gateway.FreeBytes = 900;
        await Waiting.UntilAsync("it is over", Soon, async () => (await shared.EventsAsync(tenant, "PoolProblemSolved")).Count == 1);
    }

    private async Task SetAsync(string sql)
    {
        await using var data = NpgsqlDataSource.Create(shared.Connection);
        await using var command = data.CreateCommand(sql);
        (await command.ExecuteNonQueryAsync()).ShouldBeGreaterThan(0);
    }
}
