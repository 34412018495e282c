using Grpc.Core;
using Grpc.Net.Client;
using HyperBdr.Contracts.Ant.V1;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Services;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;
using Task = System.Threading.Tasks.Task;

namespace HyperBdr.Ant.Tests;

/// <summary>REST, gRPC and events of the running service.</summary>
public sealed class CallTests(AntFixture shared) : IClassFixture<AntFixture>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly Guid tenant = Guid.CreateVersion7();
    private readonly Bench bench = shared.Bench;
    private readonly ServiceProcess ant = shared.Ant;

    [Fact]
    public async Task Events_that_come_twice_or_name_one_task_twice_make_one_task()
    {
        using var ops = bench.Call(ant, tenant: tenant);
        var (id, pool, other) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        var now = TimeProvider.System.GetUtcNow();
        var registered = new PoolRegistered(pool, "p", id, "ops") { TenantId = tenant, OccurredAt = now };
        await PublishAsync(registered);
        await PublishAsync(registered);
        await PublishAsync(registered with { EventId = Guid.CreateVersion7() });
        await PublishAsync(new PoolUpdated(pool, "p", id, "ops") { TenantId = tenant, OccurredAt = now });
        // Events of one pool keep their order, so the last one's task proves that all were handled.
        await PublishAsync(new PoolProbeRequested(pool, "p", other, "ops") { TenantId = tenant, OccurredAt = now });
        await Waiting.UntilAsync("both tasks are done", Soon, async () => (await ops.GetAsync("/api/v1/ant/tasks?status=done")).Body["total"]!.GetValue<int>() == 2);
        (await ops.GetAsync("/api/v1/ant/tasks")).Body["total"]!.GetValue<int>().ShouldBe(2);
        shared.Storplus.Steps.Calls.Count(c => c.TaskId == id).ShouldBe(6);
    }

    [Fact]
    public async Task Another_tenant_sees_nothing_and_unknown_ids_are_not_found()
    {
        var id = await TaskAsync();
        using var stranger = bench.Call(ant, tenant: Guid.CreateVersion7());
        (await stranger.GetAsync($"/api/v1/ant/tasks/{id}")).Status.ShouldBe(404);
        (await stranger.PostAsync($"/api/v1/ant/tasks/{id}/abort")).Status.ShouldBe(404);
        (await stranger.PostAsync($"/api/v1/ant/tasks/{id}/retry")).Status.ShouldBe(404);
        (await stranger.GetAsync("/api/v1/ant/tasks")).Body["total"]!.GetValue<int>().ShouldBe(0);
        using var ops = bench.Call(ant, tenant: tenant);
        (await ops.GetAsync($"/api/v1/ant/tasks/{id}")).Status.ShouldBe(200);
        var (status, problem) = await ops.GetAsync($"/api/v1/ant/tasks/{Guid.CreateVersion7()}");
        status.ShouldBe(404);
        problem["code"]!.GetValue<string>().ShouldBe("ant.task.not_found");
    }

    [Fact]
    public async Task Roles_without_the_permission_are_refused()
    {
        var id = await TaskAsync();
        using var reader = bench.Call(ant, Roles.ReadOnly, tenant);
        (await reader.GetAsync($"/api/v1/ant/tasks/{id}")).Status.ShouldBe(200);
        (await reader.PostAsync($"/api/v1/ant/tasks/{id}/abort")).Status.ShouldBe(403);
        (await reader.PostAsync($"/api/v1/ant/tasks/{id}/retry")).Status.ShouldBe(403);
        using var platform = bench.Call(ant, Roles.PlatformAdmin);
        (await platform.GetAsync("/api/v1/ant/tasks")).Status.ShouldBe(403);
        using var nobody = new HttpClient { BaseAddress = ant.Http };
        using var answer = await nobody.GetAsync("/api/v1/ant/tasks");
        ((int)answer.StatusCode).ShouldBe(401);
    }

    [Fact]
    public async Task A_filter_that_is_no_word_or_id_names_its_field()
    {
        using var ops = bench.Call(ant, tenant: tenant);
        foreach (var (query, field) in new[] { ("status=ready", "status"), ("source_id=x", "source_id") })
        {
            var (status, problem) = await ops.GetAsync($"/api/v1/ant/tasks?{query}");
            status.ShouldBe(400);
            problem["errors"]![field].ShouldNotBeNull();
        }

        (await ops.GetAsync("/api/v1/ant/tasks?page_size=9999")).Body["page_size"]!.GetValue<int>().ShouldBe(500);
    }

    [Fact]
    public async Task Tools_read_tasks_over_grpc_with_the_same_permission_and_tenant()
    {
        var id = await TaskAsync();
        using var channel = GrpcChannel.ForAddress(ant.Grpc);
        var client = new Tasks.TasksClient(channel);
        using var ops = bench.Call(ant, tenant: tenant);
        var task = await client.GetTaskAsync(new GetTaskRequest { TaskId = id.ToString() }, ops.GrpcHeaders);
        task.Steps.Count.ShouldBe(6);
        (await client.ListTasksAsync(new ListTasksRequest(), ops.GrpcHeaders)).Total.ShouldBe(1);
        using var stranger = bench.Call(ant, tenant: Guid.CreateVersion7());
        (await StatusAsync(() => client.GetTaskAsync(new GetTaskRequest { TaskId = id.ToString() }, stranger.GrpcHeaders))).ShouldBe(StatusCode.NotFound);
        using var platform = bench.Call(ant, Roles.PlatformAdmin);
        (await StatusAsync(() => client.GetTaskAsync(new GetTaskRequest { TaskId = id.ToString() }, platform.GrpcHeaders))).ShouldBe(StatusCode.PermissionDenied);
        (await StatusAsync(() => client.GetTaskAsync(new GetTaskRequest { TaskId = id.ToString() }))).ShouldBe(StatusCode.Unauthenticated);
    }

    private static async Task<StatusCode> StatusAsync<T>(Func<AsyncUnaryCall<T>> call) => (await Should.ThrowAsync<RpcException>(async () => await call())).StatusCode;

    private async Task<Guid> TaskAsync()
    {
        var id = Guid.CreateVersion7();
        await PublishAsync(new PoolProbeRequested(Guid.CreateVersion7(), "p", id, "ops") { TenantId = tenant, OccurredAt = TimeProvider.System.GetUtcNow() });
        using var ops = bench.Call(ant, tenant: tenant);
        await Waiting.UntilAsync("the task is done", Soon, async () => await ops.GetAsync($"/api/v1/ant/tasks/{id}") is (200, var task) && task["status"]!.GetValue<string>() == "done");
        return id;
    }

    /// <summary>Through the outbox and the real broker; the service's own dispatcher sends it.</summary>
    private async Task PublishAsync(IntegrationEvent e)
    {
        await using var db = bench.Ant();
        await Waiting.UntilAsync("the earlier copy was sent", Soon, async () => !await db.Outbox.AnyAsync(m => m.EventId == e.EventId));
        db.Add(e);
        await db.SaveChangesAsync();
    }
}
