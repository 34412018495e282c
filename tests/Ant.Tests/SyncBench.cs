using System.Text.Json.Nodes;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Services;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace HyperBdr.Ant.Tests;

/// <summary>One real ant with scripted peers for all tests of a class; numbers so small that a test sees their effect.</summary>
public sealed class SyncFixture(BackingServersFixture servers) : IAsyncLifetime
{
    private static readonly (string, string)[] Quick =
    [
        ("Ant__Worker__Lease", "00:00:05"), ("Ant__Worker__RenewEach", "00:00:01"), ("Ant__Worker__LookEach", "00:00:00.3"), ("Ant__Worker__LongestWait", "00:00:01"), ("Ant__Worker__ReportEach", "00:00:00.3"),
        ("Ant__Worker__Slots", "1"), ("Ant__Sync__LookEach", "00:00:00.3"), ("Ant__Sync__OfflineLimit", "00:00:05"), ("Ant__Sync__PerTenant", "4"), ("Ant__Deregister__Grace", "00:00:02"),
    ];

    public Bench Bench { get; private set; } = null!;

    internal ScriptedPeers Peers { get; private set; } = null!;

    public ServiceProcess Ant { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await Bench.PrepareAsync(servers, "ant");
        Peers = await ScriptedPeers.StartAsync();
        await StartAsync();
    }

    public async Task StartAsync() => Ant = await Bench.StartAntAsync(Peers.Address, [("services__porter__grpc__0", Peers.Address.ToString()), .. Quick]);

    public async ValueTask DisposeAsync()
    {
        await Bench.DisposeAsync();
        await Peers.DisposeAsync();
    }
}

/// <summary>The words that tests of hosts need. Each test has a tenant of its own and begins with an empty script.</summary>
public abstract class SyncBench : IDisposable
{
    /// <summary>A bound, not a time: a loaded machine may take long.</summary>
    protected static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private protected SyncBench(SyncFixture shared)
    {
        Shared = shared;
        shared.Peers.Script.Reset();
        Ops = As();
    }

    private protected SyncFixture Shared { get; }

    private protected Bench Bench => Shared.Bench;

    private protected PeerScript Script => Shared.Peers.Script;

    private bool licensed;

    protected Guid Tenant { get; } = Guid.CreateVersion7();

    protected ServiceCaller Ops { get; private set; }

    public void Dispose()
    {
        Ops.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The process dies; another one takes its place.</summary>
    protected async Task KillAndRestartAsync()
    {
        await Shared.Ant.KillAsync();
        await Shared.StartAsync();
        Ops.Dispose();
        Ops = As();
    }

    protected ServiceCaller As(string role = Roles.TenantAdmin, Guid? tenant = null) => Bench.Call(Shared.Ant, role, tenant ?? Tenant);

    /// <summary>A machine that enrolled and is online, as porter tells it.</summary>
    protected async Task<string> EnrolAsync()
    {
        await LicenceAsync();
        var id = Guid.CreateVersion7();
        var now = TimeProvider.System.GetUtcNow();
        await PublishAsync(new MachineEnrolled(id, "linux_agent", "web-1", "serial", TookOver: false) { TenantId = Tenant, OccurredAt = now });
        await PublishAsync(new MachineStateChanged(id, "linux_agent", "web-1", "active", null) { TenantId = Tenant, OccurredAt = now });
        await Waiting.UntilAsync("the host is online", Soon, async () => await Ops.GetAsync($"/api/v1/ant/hosts/{id}") is (200, var host) && Text(host, "health") == "active");
        return id.ToString();
    }

    /// <summary>Licence units for the test's tenant, as identity tells it; the first call counts.</summary>
    protected async Task LicenceAsync(int units = 1000)
    {
        if (licensed) return;
        licensed = true;
        var now = TimeProvider.System.GetUtcNow();
        await PublishAsync(new LicenceGranted(Guid.CreateVersion7(), "dr", units, now.AddDays(-1), now.AddYears(1), "test") { TenantId = Tenant, OccurredAt = now });
        await Waiting.UntilAsync("the licence was heard of", Soon, async () =>
        {
            await using var db = Bench.Ant(Tenant);
            return await db.Licences.AnyAsync();
        });
    }

    protected async Task<string> ReadyHostAsync(string? policy = null)
    {
        var id = await EnrolAsync();
        await OkAsync("/api/v1/ant/hosts/register", new { ids = new[] { id } });
        await OkAsync("/api/v1/ant/hosts/setup", new { ids = new[] { id }, pool_id = Guid.CreateVersion7(), policy_id = policy });
        return id;
    }

    protected async Task<string> SyncAsync(string host, string? mode = null) =>
        Text((await OkAsync("/api/v1/ant/hosts/sync", new { ids = new[] { host }, mode }))["results"]![0]!, "task_id");

    protected async Task<JsonNode> OkAsync(string path, object? body = null)
    {
        var (status, answer) = await Ops.PostAsync(path, body);
        return status is >= 200 and < 300 ? answer : throw new InvalidOperationException($"{path}: {status} {answer}");
    }

    protected async Task<JsonNode> HostAsync(string id) => (await Ops.GetAsync($"/api/v1/ant/hosts/{id}")).Body;

    protected async Task<JsonNode> TaskAsync(string id) => (await Ops.GetAsync($"/api/v1/ant/tasks/{id}")).Body;

    protected Task<JsonNode> TaskEndedAsync(string id) =>
        Waiting.UntilAsync("the task ended", Soon, async () => await TaskAsync(id) is var task && Text(task, "status") is "done" or "failed" or "aborted" ? await TaskAsync(id) : null);

    /// <summary>The machine has its command.</summary>
    private protected Task<string> StartedAsync(int number = 1) =>
        Waiting.UntilAsync($"command {number} arrived", Soon, () => Task.FromResult(Script.Of(Contracts.Porter.V1.Command.BodyOneofCase.StartSync).Select(c => c.Id).Distinct().ElementAtOrDefault(number - 1)));

    protected async Task PublishAsync(IntegrationEvent e)
    {
        await using var db = Bench.Ant(Tenant);
        db.Add(e);
        await db.SaveChangesAsync();
    }

    protected static string Text(JsonNode node, string field) => node[field]?.GetValue<string>() ?? "";
}
