using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Grpc.Core;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Engine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Stores;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Services;
using HyperBdr.S3Testing;
using HyperBdr.ServiceDefaults.Calls;
using Npgsql;
using Shouldly;
using Xunit;

namespace HyperBdr.Storplus.Tests;

/// <summary>Syncs as they come from ant and from machines, against the running service and real stores.</summary>
public sealed partial class SyncTests(SyncFixture shared) : IClassFixture<SyncFixture>, IDisposable
{
    private const string Api = "/api/v1/storplus";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly Guid tenant = Guid.CreateVersion7();
    private readonly ProductionHost machine = new($"web-{Guid.CreateVersion7():n}");
    private ServiceCaller? opened;

    private ServiceCaller Admin => opened ??= new ServiceCaller(shared.Service, shared.Home, new Caller(Guid.CreateVersion7(), "admin", tenant, Roles.TenantAdmin, "session"));

    private WriteSessions.WriteSessionsClient Sessions => new(shared.Channel);

    public void Dispose()
    {
        opened?.Dispose();
        machine.Dispose();
    }

    [Fact]
    public async Task Two_syncs_are_listed_and_an_empty_machine_restores_them_with_the_escrow_key_alone()
    {
        var pool = await FolderPoolAsync();
        var first = machine.Disk.ToArray();
        var full = await SyncAsync(pool, machine);
        (full.Mode, full.Consistency).ShouldBe(("full", "file_system"));
        machine.Work();
        var incremental = await SyncAsync(pool, machine);
        incremental.Mode.ShouldBe("incremental");
        (await shared.EventsAsync(tenant, "RecoveryPointCreated")).Count.ShouldBe(2);

        var repository = (await Admin.GetAsync($"{Api}/repositories")).Body["items"]![0]!;
        using var offline = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        var escrow = $"{Api}/repositories/{repository["id"]}/escrow";
        var (status, export) = await Admin.PostAsync(escrow, new { public_key = offline.ExportSubjectPublicKeyInfoPem() });
        status.ShouldBe(200, export.ToString());
        (await Admin.PostAsync(escrow, new { public_key = offline.ExportSubjectPublicKeyInfoPem() })).Body["slot_name"]!.ToString().ShouldBe(export["slot_name"]!.ToString());
        (await Admin.PostAsync(escrow, new { public_key = offline.ExportPkcs8PrivateKeyPem() })).Status.ShouldBe(400);
        using var lesser = new ServiceCaller(shared.Service, shared.Home, new Caller(Guid.CreateVersion7(), "op", tenant, Roles.Operator, "session"));
        (await lesser.PostAsync(escrow, new { public_key = offline.ExportSubjectPublicKeyInfoPem() })).Status.ShouldBe(403);
        (await Admin.PostAsync($"{Api}/repositories/{repository["id"]}/rotation")).Body["seal_epoch"]!.GetValue<long>().ShouldBe(2);

        using var key = EscrowPrivateKey.FromPem(offline.ExportPkcs8PrivateKeyPem());
        (await ProductionHost.RestoreAsync(new FolderStore(export["location"]!.ToString()), key, full.Id)).ShouldBe(first);
        (await ProductionHost.RestoreAsync(new FolderStore(export["location"]!.ToString()), key, incremental.Id)).ShouldBe(machine.Disk);
        // After the rotation syncs go on.
        machine.Work();
        (await SyncAsync(pool, machine)).Mode.ShouldBe("incremental");
        var view = (await Admin.GetAsync($"{Api}/repositories/{repository["id"]}")).Body;
        view["points"]!.GetValue<int>().ShouldBe(3);
        view["used_bytes"]!.GetValue<long>().ShouldBeGreaterThan(0);
        view["saved_by_deduplication"]!.GetValue<long>().ShouldBeGreaterThan(2 << 20);
        view["free_bytes"]!.GetValue<long>().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Every_call_of_a_session_can_be_repeated()
    {
        var pool = await FolderPoolAsync();
        var task = Guid.CreateVersion7();
        var opens = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync(pool, machine, task)));
        opens.Select(o => o.Id).Distinct().Count().ShouldBe(1);
        var point = await machine.WriteAsync(machine.SecretOf(opens[0], task));
        var commits = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CommitAsync(opens[0].Id, point)));
        commits.Select(c => c.Id).Distinct().ShouldBe([point]);
        (await CommitAsync(opens[0].Id, point)).State.ShouldBe("create_done");
        (await shared.EventsAsync(tenant, "RecoveryPointCreated")).Count.ShouldBe(1);
        await Sessions.AbandonAsync(new AbandonWriteSessionRequest { SessionId = opens[0].Id }, Ant());
        (await PointAsync(point))["state"]!.ToString().ShouldBe("create_done");
        (await CodeAsync(() => OpenAsync(pool, machine, task))).ShouldBe("storplus.session.committed");
        (await CodeAsync(() => CommitAsync(opens[0].Id, new string('0', 64)))).ShouldBe("storplus.session.committed");
    }

    [Fact]
    public async Task An_abandoned_session_leaves_no_manifest_and_its_task_may_begin_again()
    {
        var pool = await FolderPoolAsync();
        var task = Guid.CreateVersion7();
        var session = await OpenAsync(pool, machine, task);
        (await PointAsync(session.Id))["state"]!.ToString().ShouldBe("create_doing");
        var secret = machine.SecretOf(session, task);
        var orphan = await machine.WriteAsync(secret);
        await Sessions.AbandonAsync(new AbandonWriteSessionRequest { SessionId = session.Id }, Ant());
        await using (var store = ProductionHost.StoreOf(secret.Store)) (await store.FindAsync(new BlobName($"points/{orphan}"), default)).ShouldBeNull();
        (await PointAsync(session.Id))["state"]!.ToString().ShouldBe("create_failed");
        (await CodeAsync(() => CommitAsync(session.Id, orphan))).ShouldBe("storplus.session.ended");
        var again = await OpenAsync(pool, machine, task);
        again.Id.ShouldBe(session.Id);
        var point = await machine.WriteAsync(machine.SecretOf(again, task));
        (await CommitAsync(again.Id, point)).State.ShouldBe("create_done");
    }

    [Fact]
    public async Task A_point_with_a_missing_pack_is_never_listed()
    {
        var pool = await FolderPoolAsync();
        var task = Guid.CreateVersion7();
        var session = await OpenAsync(pool, machine, task);
        var secret = machine.SecretOf(session, task);
        var point = await machine.WriteAsync(secret);
        await using var store = ProductionHost.StoreOf(secret.Store);
        await foreach (var pack in store.ListAsync("packs/", default)) await store.DeleteAsync(pack.Name, default);
        (await CodeAsync(() => CommitAsync(session.Id, point))).ShouldBe("storplus.points.not_whole");
        (await store.FindAsync(new BlobName($"points/{point}"), default)).ShouldBeNull();
        var shown = await PointAsync(session.Id);
        shown["state"]!.ToString().ShouldBe("create_failed");
        shown["code"]!.ToString().ShouldBe("storplus.points.not_whole");
        (await shared.EventsAsync(tenant, "RecoveryPointCreated")).ShouldBeEmpty();
        var other = await OpenAsync(pool, machine, Guid.CreateVersion7());
        (await CodeAsync(() => CommitAsync(other.Id, new string('a', 64)))).ShouldBe("storplus.points.manifest_missing");
    }

    [Fact]
    public async Task Another_hosts_point_cannot_be_taken_for_ones_own()
    {
        var pool = await FolderPoolAsync();
        using var other = new ProductionHost("db-1");
        var theirs = await SyncAsync(pool, other);
        var session = await OpenAsync(pool, machine, Guid.CreateVersion7());
        (await CodeAsync(() => CommitAsync(session.Id, theirs.Id))).ShouldBe("storplus.points.foreign");
        (await PointAsync(theirs.Id))["state"]!.ToString().ShouldBe("create_done");
    }

    [Fact]
    public async Task The_quota_removes_the_oldest_and_a_hold_keeps_a_point()
    {
        var pool = await FolderPoolAsync();
        var held = await SyncAsync(pool, machine, quota: 2);
        (await Admin.SendAsync(HttpMethod.Put, $"{Api}/points/{held.Id}/hold", new { reason = "audit 2026" })).Status.ShouldBe(200);
        var second = await SyncAsync(pool, machine, quota: 3);
        var third = await SyncAsync(pool, machine, quota: 3);
        (await SyncAsync(pool, machine, quota: 3)).State.ShouldBe("create_done");
        (await IdsAsync()).ShouldNotContain(second.Id);
        (await IdsAsync()).ShouldContain(held.Id);
        (await shared.EventsAsync(tenant, "RecoveryPointDeleted")).Single().ShouldContain(second.Id);
        (await Admin.SendAsync(HttpMethod.Put, $"{Api}/points/{third.Id}/hold", new { reason = "audit 2026" })).Status.ShouldBe(200);
        (await CodeAsync(() => OpenAsync(pool, machine, Guid.CreateVersion7(), quota: 2))).ShouldBe("storplus.points.quota_exhausted");
        (await Admin.SendAsync(HttpMethod.Delete, $"{Api}/points/{held.Id}?confirm={machine.Name}")).Body["code"]!.ToString().ShouldBe("storplus.point.held");
    }

    [Fact]
    public async Task A_quota_of_one_never_leaves_a_host_without_a_point()
    {
        var pool = await FolderPoolAsync();
        var first = await SyncAsync(pool, machine, quota: 1);
        var task = Guid.CreateVersion7();
        var session = await OpenAsync(pool, machine, task, quota: 1);
        (await PointAsync(first.Id))["state"]!.ToString().ShouldBe("create_done");
        var second = await CommitAsync(session.Id, await machine.WriteAsync(machine.SecretOf(session, task)));
        (await IdsAsync()).ShouldBe([second.Id]);
    }

    [Fact]
    public async Task Deleting_asks_for_the_hosts_name_and_protects_the_last_good_point()
    {
        var pool = await FolderPoolAsync();
        var old = await SyncAsync(pool, machine);
        var last = await SyncAsync(pool, machine);
        (await Admin.SendAsync(HttpMethod.Delete, $"{Api}/points/{old.Id}")).Body["code"]!.ToString().ShouldBe("request.validation");
        (await Admin.SendAsync(HttpMethod.Delete, $"{Api}/points/{old.Id}?confirm={machine.Name}")).Status.ShouldBe(202);
        (await Admin.SendAsync(HttpMethod.Delete, $"{Api}/points/{last.Id}?confirm={machine.Name}")).Body["code"]!.ToString().ShouldBe("storplus.point.last_good");
        (await Admin.SendAsync(HttpMethod.Delete, $"{Api}/pools/{pool}")).Body["code"]!.ToString().ShouldBe("storplus.pool.in_use");
        (await Admin.SendAsync(HttpMethod.Delete, $"{Api}/points/{last.Id}?confirm={machine.Name}&last_good=true")).Status.ShouldBe(202);
        (await IdsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Tenants_see_neither_each_others_points_nor_repositories_nor_sessions()
    {
        var pool = await FolderPoolAsync();
        var point = await SyncAsync(pool, machine);
        var session = await OpenAsync(pool, machine, Guid.CreateVersion7());
        var repository = (await Admin.GetAsync($"{Api}/repositories")).Body["items"]![0]!["id"]!.ToString();
        var stranger = Guid.CreateVersion7();
        using var other = new ServiceCaller(shared.Service, shared.Home, new Caller(Guid.CreateVersion7(), "x", stranger, Roles.TenantAdmin, "session"));
        (await other.GetAsync($"{Api}/points/{point.Id}")).Status.ShouldBe(404);
        (await other.GetAsync($"{Api}/points")).Body["total"]!.GetValue<int>().ShouldBe(0);
        (await other.GetAsync($"{Api}/repositories/{repository}")).Status.ShouldBe(404);
        (await other.PostAsync($"{Api}/repositories/{repository}/runs", new { kind = "collect" })).Status.ShouldBe(404);
        (await other.SendAsync(HttpMethod.Delete, $"{Api}/points/{point.Id}?confirm={machine.Name}")).Status.ShouldBe(404);
        (await CodeAsync(async () => await Sessions.CommitAsync(new CommitWriteSessionRequest { SessionId = session.Id, PointId = point.Id }, Ant(stranger)))).ShouldBe("storplus.session.not_found");
        (await CodeAsync(() => OpenAsync(pool, machine, Guid.CreateVersion7(), asTenant: stranger))).ShouldBe("storplus.pool.not_found");
        // People open no sessions, whatever their role.
        (await Should.ThrowAsync<RpcException>(async () => await Sessions.AbandonAsync(new AbandonWriteSessionRequest { SessionId = session.Id }, Admin.GrpcHeaders))).StatusCode.ShouldBe(StatusCode.PermissionDenied);
    }

    [Fact]
    public async Task Collections_free_what_deleted_points_held_and_keep_every_listed_point_restorable()
    {
        var pool = await FolderPoolAsync();
        var gone = await SyncAsync(pool, machine);
        machine.Disk = RandomNumberGenerator.GetBytes(2 << 20);
        var kept = await SyncAsync(pool, machine, full: true);
        var repository = (await Admin.GetAsync($"{Api}/repositories")).Body["items"]![0]!["id"]!.ToString();
        (await RunAsync(repository, "verify"))["code"].ShouldBeNull();
        var before = (await Admin.GetAsync($"{Api}/repositories/{repository}")).Body["used_bytes"]!.GetValue<long>();
        (await Admin.SendAsync(HttpMethod.Delete, $"{Api}/points/{gone.Id}?confirm={machine.Name}")).Status.ShouldBe(202);
        for (var i = 0; i < 4; i++) (await RunAsync(repository, "collect"))["state"]!.ToString().ShouldBe("done");
        var view = (await Admin.GetAsync($"{Api}/repositories/{repository}")).Body;
        view["used_bytes"]!.GetValue<long>().ShouldBeLessThan(before - (1 << 20));
        using var offline = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        var export = (await Admin.PostAsync($"{Api}/repositories/{repository}/escrow", new { public_key = offline.ExportSubjectPublicKeyInfoPem() })).Body;
        using var key = EscrowPrivateKey.FromPem(offline.ExportPkcs8PrivateKeyPem());
        (await ProductionHost.RestoreAsync(new FolderStore(export["location"]!.ToString()), key, kept.Id)).ShouldBe(machine.Disk);
        (await RunAsync(repository, "scrub"))["code"].ShouldBeNull();
    }

    [Fact]
    public async Task Damage_is_found_shown_and_told()
    {
        var pool = await FolderPoolAsync();
        var point = await SyncAsync(pool, machine);
        var repository = (await Admin.GetAsync($"{Api}/repositories")).Body["items"]![0]!;
        var pack = Directory.EnumerateFiles(Path.Combine(repository["location"]!.ToString(), "packs"), "*", SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length)!;
        File.Delete(pack);
        var run = await RunAsync(repository["id"]!.ToString(), "verify");
        run["code"]!.ToString().ShouldBe("storplus.repository.damaged");
        run["result"]!["damaged_points"]!.AsArray().Select(p => p!.ToString()).ShouldBe([point.Id]);
        (await Admin.GetAsync($"{Api}/repositories/{repository["id"]}")).Body["damaged"]!.GetValue<bool>().ShouldBeTrue();
        (await shared.EventsAsync(tenant, "PoolProblem")).Count.ShouldBe(1);
        await DamagedPointIsNoSubstituteAsync(pool, point.Id);
    }

    [Fact]
    public async Task A_process_killed_in_the_middle_of_a_commit_lists_the_point_once_after_its_return()
    {
        var pool = await PoolAsync(new { name = "s3", kind = "s3", s3 = new { endpoint = shared.S3.Endpoint.Authority, region = shared.S3.Options.Region, bucket = shared.S3.Options.Bucket, access_key = shared.S3.Options.AccessKey, secret_key = shared.S3.Options.SecretKey, use_tls = false, lookup = "path" } });
        var task = Guid.CreateVersion7();
        var session = await OpenAsync(pool, machine, task);
        var secret = machine.SecretOf(session, task);
        secret.Store.Scoped.ShouldBeFalse();
        var point = await machine.WriteAsync(secret);
        foreach (var place in new[] { "config", $"points/{point}", "packs/" })
        {
            var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            shared.S3.Inject = call =>
            {
                if (!call.Key.Contains(place, StringComparison.Ordinal)) return S3Fault.None;
                met.TrySetResult();
                return S3Fault.Hang;
            };
            var cut = CommitAsync(session.Id, point);
            await met.Task.WaitAsync(Soon);
            await shared.Service.KillAsync();
            await Should.ThrowAsync<RpcException>(() => cut);
            shared.S3.Inject = _ => S3Fault.None;
            await shared.Service.StartAsync();
        }

        (await CommitAsync(session.Id, point)).State.ShouldBe("create_done");
        (await shared.EventsAsync(tenant, "RecoveryPointCreated")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_maintenance_run_whose_process_was_killed_is_taken_up_again()
    {
        var pool = await PoolAsync(new { name = "s3", kind = "s3", s3 = new { endpoint = shared.S3.Endpoint.Authority, region = shared.S3.Options.Region, bucket = shared.S3.Options.Bucket, access_key = shared.S3.Options.AccessKey, secret_key = shared.S3.Options.SecretKey, use_tls = false, lookup = "path" } });
        await SyncAsync(pool, machine);
        var repository = (await Admin.GetAsync($"{Api}/repositories")).Body["items"]![0]!["id"]!.ToString();
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shared.S3.Inject = call =>
        {
            if (!call.Key.Contains($"{pool.Replace("-", "", StringComparison.Ordinal)}/{tenant}/points/", StringComparison.Ordinal)) return S3Fault.None;
            met.TrySetResult();
            return S3Fault.Hang;
        };
        var run = (await Admin.PostAsync($"{Api}/repositories/{repository}/runs", new { kind = "verify" })).Body["id"]!.ToString();
        (await Admin.PostAsync($"{Api}/repositories/{repository}/runs", new { kind = "verify" })).Body["code"]!.ToString().ShouldBe("storplus.run.exists");
        await met.Task.WaitAsync(Soon);
        await shared.Service.KillAsync();
        shared.S3.Inject = _ => S3Fault.None;
        await shared.Service.StartAsync();
        (await EndedAsync(repository, run))["state"]!.ToString().ShouldBe("done");
    }

    [Fact]
    public async Task A_pool_on_a_sync_gateway_gives_keys_that_can_only_add()
    {
        (await Admin.PostAsync($"{Api}/pools", new { name = "gw", kind = "gateway", gateway = new { machine_id = Guid.CreateVersion7() } })).Body["code"]!.ToString().ShouldBe("storplus.pool.no_gateway");
        var (status, added) = await Admin.PostAsync($"{Api}/pools", new { name = "gw", kind = "gateway", gateway = new { machine_id = shared.Gateway.MachineId } });
        status.ShouldBe(202, added.ToString());
        var (pool, probe) = (added["pool"]!["id"]!.ToString(), added["probe_task_id"]!.ToString());
        shared.Porter.Connected = false;
        (await StepAsync(pool, probe, ProbeStep.Connect)).Code.ShouldBe("storplus.probe.gateway_offline");
        shared.Porter.Connected = true;
        foreach (var step in Stores.Steps) await PassesAsync(pool, probe, step);
        shared.Porter.Commands.Keys.ShouldBe([probe]);
        await AvailableAsync(pool);

        var task = Guid.CreateVersion7();
        var session = await OpenAsync(pool, machine, task);
        var secret = machine.SecretOf(session, task);
        secret.Store.Scoped.ShouldBeTrue();
        secret.Store.SecretKey.ShouldNotBe(GatewayEndpoint.OwnerSecret);
        var point = await machine.WriteAsync(secret);
        (await CommitAsync(session.Id, point)).State.ShouldBe("create_done");
        await SpaceIsFollowedAsync(pool);
        await using var store = ProductionHost.StoreOf(secret.Store);
        (await Should.ThrowAsync<EngineException>(() => store.DeleteAsync(new BlobName($"points/{point}"), default))).Fault.ShouldBe(Fault.StoreRefused);
        secret.Store.Prefix = $"hyperbdr/pool-{Guid.CreateVersion7():n}/";
        await using var outside = ProductionHost.StoreOf(secret.Store);
        (await Should.ThrowAsync<EngineException>(() => outside.PutAsync(new BlobName("x"), new byte[1], default))).Fault.ShouldBe(Fault.StoreRefused);
    }

    private Metadata Ant(Guid? of = null)
    {
        using var caller = new ServiceCaller(shared.Service, shared.Home, Caller.Service("ant", of ?? tenant));
        return caller.GrpcHeaders;
    }

    private Task<string> FolderPoolAsync() => PoolAsync(new { name = "folder", kind = "folder", folder = new { path = $"t-{tenant:n}" } });

    private async Task<string> PoolAsync(object form)
    {
        var (status, added) = await Admin.PostAsync($"{Api}/pools", form);
        status.ShouldBe(202, added.ToString());
        await AvailableAsync(added["pool"]!["id"]!.ToString());
        return added["pool"]!["id"]!.ToString();
    }

    private async Task AvailableAsync(string pool)
    {
        await using var data = NpgsqlDataSource.Create(shared.Connection);
        await using var command = data.CreateCommand("update pools set state = 'Available' where id = $1");
        command.Parameters.AddWithValue(Guid.Parse(pool));
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    private async Task<ProbeStepResult> StepAsync(string pool, string probe, ProbeStep step) =>
        await new PoolProbes.PoolProbesClient(shared.Channel).RunStepAsync(new RunProbeStepRequest { PoolId = pool, TaskId = probe, Step = step }, Ant());

    /// <summary>A step has few seconds and may be repeated, as a task does; on a machine that is busy one try may not be enough.</summary>
    private async Task PassesAsync(string pool, string probe, ProbeStep step)
    {
        var last = "";
        try
        {
            await Waiting.UntilAsync($"{step} passes", Soon, async () =>
            {
                var result = await StepAsync(pool, probe, step);
                last = $"{result.Code} {result.Message}";
                return result.Passed;
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{step}: {last}", e);
        }
    }

    private async Task<WriteSession> OpenAsync(string pool, ProductionHost of, Guid task, int quota = 7, bool full = false, Guid? asTenant = null) =>
        await Sessions.OpenAsync(new OpenWriteSessionRequest { TaskId = task.ToString(), HostId = of.HostId.ToString(), HostName = of.Name, PoolId = pool, Quota = quota, Full = full, ReaderKey = ByteString.CopyFrom(of.PublicKey) }, Ant(asTenant));

    private async Task<RecoveryPoint> CommitAsync(string session, string point) =>
        await Sessions.CommitAsync(new CommitWriteSessionRequest { SessionId = session, PointId = point, Consistency = "file_system" }, Ant());

    private async Task<RecoveryPoint> SyncAsync(string pool, ProductionHost of, int quota = 7, bool full = false)
    {
        var task = Guid.CreateVersion7();
        var session = await OpenAsync(pool, of, task, quota, full);
        return await CommitAsync(session.Id, await of.WriteAsync(of.SecretOf(session, task)));
    }

    private async Task<JsonNode> PointAsync(string id) => (await Admin.GetAsync($"{Api}/points/{id}")).Body;

    private async Task<List<string>> IdsAsync() => [.. (await Admin.GetAsync($"{Api}/points?state=create_done&page_size=100")).Body["items"]!.AsArray().Select(p => p!["id"]!.ToString())];

    private async Task<JsonNode> RunAsync(string repository, string kind)
    {
        var (status, run) = await Admin.PostAsync($"{Api}/repositories/{repository}/runs", new { kind });
        // Housekeeping may have asked for the same at this moment.
        if (status == 409) run = (await Admin.GetAsync($"{Api}/repositories/{repository}/runs")).Body["items"]!.AsArray().First(r => r!["kind"]!.ToString() == kind)!;
        return await EndedAsync(repository, run["id"]!.ToString());
    }

    private Task<JsonNode> EndedAsync(string repository, string run) => Waiting.UntilAsync<JsonNode>("the run has ended", Soon, async () =>
        (await Admin.GetAsync($"{Api}/repositories/{repository}/runs?page_size=100")).Body["items"]!.AsArray().SingleOrDefault(r => r!["id"]!.ToString() == run && r["ended_at"] is not null));

    private static async Task<string?> CodeAsync<T>(Func<Task<T>> call) =>
        (await Should.ThrowAsync<RpcException>(call)).Trailers.GetValue("error-code");
}
