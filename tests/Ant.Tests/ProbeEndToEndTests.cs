using System.Text.Json.Nodes;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Services;
using Shouldly;
using Xunit;

[assembly: AssemblyFixture(typeof(BackingServersFixture))]

namespace HyperBdr.Ant.Tests;

/// <summary>Both real services, PostgreSQL and RabbitMQ: from the call that adds a pool to the pool that is available.</summary>
public sealed class ProbeEndToEndTests(BenchFixture shared) : IClassFixture<BenchFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly Bench bench = shared.Bench;
    private ServiceCaller storplus = null!;
    private ServiceCaller ant = null!;

    public async ValueTask InitializeAsync()
    {
        var store = await bench.StartStorplusAsync();
        var tasks = await bench.StartAntAsync(store.Grpc);
        (storplus, ant) = (bench.Call(store), bench.Call(tasks));
    }

    public async ValueTask DisposeAsync()
    {
        storplus.Dispose();
        ant.Dispose();
        await bench.StopServicesAsync();
    }

    [Fact]
    public async Task A_folder_pool_becomes_available_after_its_probe_ran_all_steps()
    {
        var (status, added) = await storplus.PostAsync("/api/v1/storplus/pools", new { name = "local", kind = "folder", folder = new { path = "first" } });
        status.ShouldBe(202, added.ToString());
        added["pool"]!["state"]!.GetValue<string>().ShouldBe("verifying");
        var task = added["probe_task_id"]!.GetValue<string>();
        var pool = await PoolInAsync(added["pool"]!["id"]!.GetValue<string>(), "available");

        pool["last_probe"]!["task_id"]!.GetValue<string>().ShouldBe(task);
        pool["last_probe"]!["passed"]!.GetValue<bool>().ShouldBeTrue();
        pool["last_probe"]!["findings"]!.AsArray().Select(f => f!["step"]!.GetValue<string>())
            .ShouldBe(["connect", "read_after_write", "list", "range_read", "conditional_create", "delete"]);

        var (found, detail) = await ant.GetAsync($"/api/v1/ant/tasks/{task}");
        found.ShouldBe(200);
        detail["status"]!.GetValue<string>().ShouldBe("done");
        detail["percent"]!.GetValue<int>().ShouldBe(100);
        detail["operator"]!.GetValue<string>().ShouldBe("ops");
        detail["steps"]!.AsArray().ShouldAllBe(s => s!["status"]!.GetValue<string>() == "done" && s["attempts"]!.GetValue<int>() == 1);
        Directory.EnumerateFiles(Path.Combine(bench.Home, "pools", "first"), "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    private Task<JsonNode> PoolInAsync(string id, string state) => Waiting.UntilAsync($"pool {id} is {state}", Soon, async () =>
    {
        var (_, pool) = await storplus.GetAsync($"/api/v1/storplus/pools/{id}");
        return pool["state"]!.GetValue<string>() == state ? pool : null;
    });
}
