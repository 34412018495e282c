using System.Diagnostics;
using System.Text.Json.Nodes;
using Grpc.Core;
using Grpc.Net.Client;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Services;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Features.Probes;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shouldly;
using Xunit;

[assembly: AssemblyFixture(typeof(BackingServersFixture))]

namespace HyperBdr.Storplus.Tests;

/// <summary>The running service over its real database and broker.</summary>
public sealed class ApiTests : IClassFixture<StorplusFixture>, IDisposable
{
    private const string Pools = "/api/v1/storplus/pools";
    private const string SecretKey = "Very-Secret-Key/12345678";
    private readonly Guid tenant = Guid.CreateVersion7();
    private readonly string home;
    private readonly string connection;
    private readonly ServiceProcess service;
    private readonly ServiceCaller ops;

    public ApiTests(StorplusFixture shared)
    {
        (home, connection, service) = (shared.Home, shared.Connection, shared.Service);
        ops = As(Roles.TenantAdmin, tenant);
    }

    public void Dispose() => ops.Dispose();

    [Fact]
    public async Task Every_broken_rule_of_the_form_is_named_with_its_field()
    {
        await BrokenAsync(new { }, "name", "kind");
        await BrokenAsync(new { name = "x", kind = "folder" }, "name", "folder.path");
        await BrokenAsync(new { name = new string('x', 65), kind = "folder", folder = new { path = "../../etc" } }, "name", "folder.path");
        await BrokenAsync(new { name = "ok", kind = "folder", folder = new { path = "/etc" } }, "folder.path");
        await BrokenAsync(new { name = "ok", kind = "s3" }, "s3.endpoint", "s3.region", "s3.bucket", "s3.access_key", "s3.secret_key");
        foreach (var endpoint in new[] { "https://s3.example.com", "s3.example.com/path", "user@s3.example.com", "s3.example.com:0", "s3.example.com:99999", "s3 example", "s3.example.com?x", "s3.example.com\n" + "x" })
            await BrokenAsync(new { name = "ok", kind = "s3", s3 = S3(endpoint) }, "s3.endpoint");
        await BrokenAsync(new { name = "ok", kind = "s3", s3 = S3(secret: "******") }, "s3.secret_key");
        (await ops.PostAsync(Pools, """{"name":"x","kind":"nfs"}""")).Status.ShouldBe(400);
        var (status, problem) = await ops.PostAsync(Pools, "{");
        status.ShouldBe(400);
        problem["code"]!.GetValue<string>().ShouldBe("request.malformed");
        (await ops.PostAsync(Pools, $$"""{"name":"{{new string('x', 2_000_000)}}"}""")).Status.ShouldBe(413);
    }

    [Fact]
    public async Task A_folder_behind_a_link_is_refused()
    {
        Directory.CreateDirectory(Path.Combine(home, "pools"));
        File.CreateSymbolicLink(Path.Combine(home, "pools", "link"), "/etc");
        await BrokenAsync(new { name = "ok", kind = "folder", folder = new { path = "link/sub" } }, "folder.path");
    }

    [Fact]
    public async Task The_secret_is_in_no_answer_no_log_and_no_table_and_sending_stars_back_keeps_it()
    {
        var (status, added) = await ops.PostAsync(Pools, new { name = "cloud", kind = "s3", s3 = S3() });
        status.ShouldBe(202, added.ToString());
        var id = added["pool"]!["id"]!.GetValue<string>();
        added["pool"]!["s3"]!["secret_key"]!.GetValue<string>().ShouldBe("******");
        (await PutAsync(id, new { name = "cloud2", kind = "s3", s3 = S3(secret: "******") })).Status.ShouldBe(202);
        await using var db = Db();
        var pool = await db.Pools.SingleAsync();
        pool.Name.ShouldBe("cloud2");
        var envelope = new Envelope(new SecretFiles(ServiceProcess.HomeConfiguration(home)));
        envelope.Open(pool.SealedSecret, $"pool/{id}").ShouldBe(SecretKey);
        Should.Throw<System.Security.Cryptography.CryptographicException>(() => envelope.Open(pool.SealedSecret, $"pool/{Guid.CreateVersion7()}"));
        (await PutAsync(id, new { name = "cloud2", kind = "s3", s3 = S3(secret: "Another-Secret-9") })).Status.ShouldBe(202);
        await db.Entry(pool).ReloadAsync();
        envelope.Open(pool.SealedSecret, $"pool/{id}").ShouldBe("Another-Secret-9");

        // A step that fails logs the fault; even then nothing of the secret is said.
        using var channel = GrpcChannel.ForAddress(service.Grpc);
        using var ant = new ServiceCaller(service, home, Caller.Service("ant", tenant));
        var result = await new PoolProbes.PoolProbesClient(channel).RunStepAsync(new RunProbeStepRequest { PoolId = id, TaskId = pool.CurrentProbeId.ToString(), Step = ProbeStep.Connect }, ant.GrpcHeaders);
        result.Code.ShouldBe("storplus.probe.address_not_allowed");
        var seen = string.Concat(added.ToJsonString(), (await ops.GetAsync(Pools)).Body.ToJsonString(), (await ops.GetAsync($"{Pools}/{id}")).Body.ToJsonString(), service.Output, await DumpAsync());
        foreach (var secret in new[] { SecretKey, "Another-Secret-9", Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(SecretKey)) }) seen.ShouldNotContain(secret);
        seen.ShouldContain("PoolRegistered");
    }

    [Fact]
    public async Task Names_are_unique_in_a_tenant_even_for_calls_at_the_same_moment()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ops.PostAsync(Pools, new { name = "same", kind = "folder", folder = new { path = "same" } })));
        answers.Count(a => a.Status == 202).ShouldBe(1);
        answers.Where(a => a.Status != 202).ShouldAllBe(a => a.Status == 409 && a.Body["code"]!.GetValue<string>() == "storplus.pool.name_taken");
        using var other = As(Roles.TenantAdmin, Guid.CreateVersion7());
        (await other.PostAsync(Pools, new { name = "same", kind = "folder", folder = new { path = "same" } })).Status.ShouldBe(202);
    }

    [Fact]
    public async Task Another_tenant_and_a_lesser_role_cannot_reach_a_pool()
    {
        var id = await AddFolderAsync("mine");
        using var stranger = As(Roles.TenantAdmin, Guid.CreateVersion7());
        (await stranger.GetAsync($"{Pools}/{id}")).Status.ShouldBe(404);
        (await stranger.SendAsync(HttpMethod.Put, $"{Pools}/{id}", new { name = "m2", kind = "folder", folder = new { path = "m" } })).Status.ShouldBe(404);
        (await stranger.SendAsync(HttpMethod.Delete, $"{Pools}/{id}")).Status.ShouldBe(404);
        (await stranger.PostAsync($"{Pools}/{id}/probes")).Status.ShouldBe(404);
        (await stranger.GetAsync(Pools)).Body["total"]!.GetValue<int>().ShouldBe(0);
        using var reader = As(Roles.Operator, tenant);
        (await reader.GetAsync($"{Pools}/{id}")).Status.ShouldBe(200);
        (await reader.PostAsync($"{Pools}/{id}/probes")).Status.ShouldBe(403);
        (await reader.SendAsync(HttpMethod.Delete, $"{Pools}/{id}")).Status.ShouldBe(403);

        using var channel = GrpcChannel.ForAddress(service.Grpc);
        var tools = new Contracts.Storplus.V1.Pools.PoolsClient(channel);
        (await tools.GetPoolAsync(new GetPoolRequest { PoolId = id }, ops.GrpcHeaders)).State.ShouldBe("verifying");
        (await tools.ListPoolsAsync(new ListPoolsRequest(), ops.GrpcHeaders)).Total.ShouldBe(1);
        (await StatusAsync(tools.GetPoolAsync(new GetPoolRequest { PoolId = id }, stranger.GrpcHeaders))).ShouldBe(StatusCode.NotFound);
        // Probe steps are for services only, whatever the role.
        (await StatusAsync(new PoolProbes.PoolProbesClient(channel).RunStepAsync(new RunProbeStepRequest { PoolId = id, TaskId = id, Step = ProbeStep.Connect }, ops.GrpcHeaders))).ShouldBe(StatusCode.PermissionDenied);
    }

    [Fact]
    public async Task A_pool_that_is_being_checked_cannot_be_deleted_and_one_that_is_not_can()
    {
        var id = await AddFolderAsync("gone");
        var (status, problem) = await ops.SendAsync(HttpMethod.Delete, $"{Pools}/{id}");
        status.ShouldBe(409);
        problem["code"]!.GetValue<string>().ShouldBe("storplus.pool.verifying");
        await FinishAsync(Guid.Parse((await ops.PostAsync($"{Pools}/{id}/probes")).Body["task_id"]!.GetValue<string>()), "done", null);
        (await ops.SendAsync(HttpMethod.Delete, $"{Pools}/{id}")).Status.ShouldBe(204);
        (await ops.GetAsync($"{Pools}/{id}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_late_result_of_an_older_probe_does_not_replace_a_newer_one()
    {
        var (_, added) = await ops.PostAsync(Pools, new { name = "late", kind = "folder", folder = new { path = "late" } });
        var (id, older) = (added["pool"]!["id"]!.GetValue<string>(), Guid.Parse(added["probe_task_id"]!.GetValue<string>()));
        var newer = Guid.Parse((await ops.PostAsync($"{Pools}/{id}/probes")).Body["task_id"]!.GetValue<string>());
        await FinishAsync(older, "failed", "too late");
        (await StateAsync(id)).ShouldBe("verifying");
        await FinishAsync(newer, "done", null);
        (await StateAsync(id)).ShouldBe("available");
        await FinishAsync(older, "failed", "too late");
        (await StateAsync(id)).ShouldBe("available");
        var pool = (await ops.GetAsync($"{Pools}/{id}")).Body;
        pool["last_probe"]!["task_id"]!.GetValue<string>().ShouldBe(newer.ToString());
    }

    [Fact]
    public async Task A_failed_probe_gives_the_pool_its_reason_and_a_retried_one_verifies_again()
    {
        var (_, added) = await ops.PostAsync(Pools, new { name = "bad", kind = "folder", folder = new { path = "bad" } });
        var (id, task) = (added["pool"]!["id"]!.GetValue<string>(), Guid.Parse(added["probe_task_id"]!.GetValue<string>()));
        await FinishAsync(task, "failed", "The store has no space left.");
        var pool = (await ops.GetAsync($"{Pools}/{id}")).Body;
        pool["state"]!.GetValue<string>().ShouldBe("create_failed");
        pool["reason"]!.GetValue<string>().ShouldBe("The store has no space left.");
        await using (var db = Db())
        {
            await new ProbeRetried(db, TimeProvider.System).HandleAsync(new TaskRetried(task, "probe_pool", "pool", Guid.Parse(id), "bad", "ops") { TenantId = tenant, OccurredAt = TimeProvider.System.GetUtcNow() }, default);
            await db.SaveChangesAsync();
        }

        (await StateAsync(id)).ShouldBe("verifying");
        await FinishAsync(task, "done", null);
        (await StateAsync(id)).ShouldBe("available");
    }

    private static object S3(string endpoint = "127.0.0.1:9000", string secret = SecretKey) =>
        new { endpoint, region = "us-east-1", bucket = "dr-copies", access_key = "AKIDEXAMPLE", secret_key = secret, use_tls = false, lookup = "path" };

    private static async Task<StatusCode> StatusAsync<T>(AsyncUnaryCall<T> call) => (await Should.ThrowAsync<RpcException>(async () => await call)).StatusCode;

    private ServiceCaller As(string role, Guid of) => new(service, home, new Caller(Guid.CreateVersion7(), "ops", of, role, "session"));

    private Task<(int Status, JsonNode Body)> PutAsync(string id, object body) => ops.SendAsync(HttpMethod.Put, $"{Pools}/{id}", body);

    private async Task<string> AddFolderAsync(string name) =>
        (await ops.PostAsync(Pools, new { name, kind = "folder", folder = new { path = name } })).Body["pool"]!["id"]!.GetValue<string>();

    private async Task<string> StateAsync(string id) => (await ops.GetAsync($"{Pools}/{id}")).Body["state"]!.GetValue<string>();

    private async Task BrokenAsync(object body, params string[] fields)
    {
        var (status, problem) = await ops.PostAsync(Pools, body);
        status.ShouldBe(400, problem.ToString());
        problem["code"]!.GetValue<string>().ShouldBe("request.validation");
        problem["trace_id"].ShouldNotBeNull();
        problem["errors"]!.AsObject().Select(e => e.Key).Order().ShouldBe(fields.Order());
    }

    /// <summary>The handler of the event over the real database; the way over the broker is in the tests of ant.</summary>
    private async Task FinishAsync(Guid task, string status, string? reason)
    {
        await using var db = Db();
        await new ProbeEnded(db, TimeProvider.System).HandleAsync(new TaskFinished(task, "probe_pool", Guid.Empty, "p", status, null, reason) { TenantId = tenant, OccurredAt = TimeProvider.System.GetUtcNow() }, default);
        await db.SaveChangesAsync();
    }

    private StorplusDb Db() => StorplusFixture.Db(connection, tenant);

    /// <summary>All rows of all tables as text, and one event's name written there to prove that it really is.</summary>
    private async Task<string> DumpAsync()
    {
        await using (var db = Db())
        {
            db.Inbox.Add(new InboxMessage { EventId = Guid.CreateVersion7(), Consumer = "PoolRegistered", HandledAt = TimeProvider.System.GetUtcNow() });
            await db.SaveChangesAsync();
        }

        var at = new NpgsqlConnectionStringBuilder(connection);
        var start = new ProcessStartInfo("pg_dump", ["--inserts", "--data-only", $"--host={at.Host}", $"--port={at.Port}", $"--username={at.Username}", at.Database!]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["PGPASSWORD"] = at.Password;
        using var dump = Process.Start(start)!;
        var errors = dump.StandardError.ReadToEndAsync();
        var text = await dump.StandardOutput.ReadToEndAsync();
        await dump.WaitForExitAsync();
        return dump.ExitCode == 0 ? text : throw new InvalidOperationException(await errors);
    }
}
