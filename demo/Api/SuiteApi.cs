using System.Globalization;
using System.Text.Json.Nodes;

namespace HyperBdr.Demo.Api;

/// <summary>Every call of the demonstration, and the only place that knows paths and fields.</summary>
internal sealed class SuiteApi(SignedClient client) : IDisposable
{
    private const int Quota = 16;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    /// <summary>For calls that the demonstration does not make.</summary>
    public SignedClient Client => client;

    /// <summary>Makes an enrolment token.</summary>
    /// <param name="type"><c>linux</c> or <c>gateway</c>.</param>
    /// <returns>The one line that an operator copies to the machine.</returns>
    public async Task<string> InstallCommandAsync(string type, CancellationToken ct) =>
        (await client.PostAsync("/api/v1/porter/install-commands", new { name = $"demonstration, {type}", lifetime_s = 3600 }, ct)).Text(type);

    public Task<Machine> MachineOnlineAsync(string kind, TimeSpan limit, CancellationToken ct) => UntilAsync($"a machine of kind {kind} online", limit, async () =>
        Items(await client.GetAsync($"/api/v1/porter/machines?kind={kind}", ct)).Where(m => m.Text("availability") is "active").Select(m => new Machine(m.Text("id"), m.Text("name"))).FirstOrDefault(), ct);

    public async Task<string> AddGatewayPoolAsync(string name, string machineId, CancellationToken ct) =>
        (await client.PostAsync("/api/v1/storplus/pools", new { name, kind = "gateway", gateway = new { machine_id = machineId } }, ct))["pool"]!.Text("id");

    public Task PoolAvailableAsync(string id, TimeSpan limit, CancellationToken ct) => UntilAsync("the storage pool is available", limit, async () =>
    {
        var pool = await client.GetAsync($"/api/v1/storplus/pools/{id}", ct);
        return pool.Text("state") switch
        {
            "available" => pool,
            "create_failed" => throw new ApiException($"The storage pool failed: {pool["reason"]} {pool["last_probe"]?.ToJsonString()}"),
            _ => null,
        };
    }, ct);

    /// <param name="start">No run before it.</param>
    /// <param name="quota">Points that are kept.</param>
    public async Task<string> AddPolicyAsync(string name, string crontab, DateTimeOffset start, CancellationToken ct, int quota = Quota)
    {
        var local = start.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return (await client.PostAsync("/api/v1/ant/policies", new { name, quota, time_zone = "UTC", start_time = local, incremental = new { cron = crontab } }, ct)).Text("id");
    }

    public Task DisablePolicyAsync(string id, CancellationToken ct) => client.PostAsync($"/api/v1/ant/policies/{id}/disable", new { }, ct);

    /// <summary>Waits until an enrolled machine is listed as a host, and chooses it for protection.</summary>
    public async Task RegisterHostAsync(string id, TimeSpan limit, CancellationToken ct)
    {
        await UntilAsync("the host is listed", limit, async () =>
            Items(await client.GetAsync("/api/v1/ant/hosts?page_size=100", ct)).FirstOrDefault(h => string.Equals(h.Text("id"), id, StringComparison.Ordinal)), ct);
        await client.PostAsync("/api/v1/ant/hosts/register", new { ids = new[] { id } }, ct);
    }

    public Task SetUpAsync(string hostId, string poolId, string policyId, CancellationToken ct) =>
        client.PostAsync("/api/v1/ant/hosts/setup", new { ids = new[] { hostId }, pool_id = poolId, policy_id = policyId }, ct);

    /// <returns>The task of the sync.</returns>
    public async Task<string> SyncNowAsync(string hostId, bool full, CancellationToken ct) =>
        (await client.PostAsync("/api/v1/ant/hosts/sync", new { ids = new[] { hostId }, mode = full ? "full" : "incremental" }, ct))["results"]![0]!.Text("task_id");

    /// <summary>Waits until a task has ended well.</summary>
    /// <exception cref="ApiException">It failed: with the suite's reason.</exception>
    public Task<JsonNode> TaskDoneAsync(string id, TimeSpan limit, Action<int> percent, CancellationToken ct) => UntilAsync($"task {id} has ended", limit, async () =>
    {
        var task = await client.GetAsync($"/api/v1/ant/tasks/{id}", ct);
        percent((int)task.Number("percent"));
        return task.Text("status") switch
        {
            "done" => task,
            "failed" or "aborted" => throw new ApiException($"{task.Text("type")} {task.Text("status")}: {task["error_code"]} {task["error_description"]}"),
            _ => null,
        };
    }, ct);

    /// <summary>The host's finished points, the oldest first.</summary>
    public async Task<IReadOnlyList<Point>> PointsAsync(string hostId, CancellationToken ct) =>
        [.. Items(await client.GetAsync($"/api/v1/storplus/points?host_id={hostId}&state=create_done&page_size=100", ct)).OrderBy(p => p.Time("taken_at")).Select(ToPoint)];

    public Task<IReadOnlyList<Point>> PointsAsync(string hostId, int count, TimeSpan limit, CancellationToken ct) => UntilAsync($"{count} recovery points", limit, async () =>
        await PointsAsync(hostId, ct) is { } points && points.Count >= count ? points : null, ct);

    /// <summary>Lets an offline private key open the pool's repository.</summary>
    /// <returns>Where the repository is, as <c>hbdr</c> takes it.</returns>
    public async Task<string> EscrowAsync(string poolId, string publicKeyPem, CancellationToken ct)
    {
        var repository = Items(await client.GetAsync("/api/v1/storplus/repositories?page_size=100", ct)).FirstOrDefault(r => string.Equals(r.Text("pool_id"), poolId, StringComparison.Ordinal))
            ?? throw new ApiException("The storage pool has no repository.");
        return (await client.PostAsync($"/api/v1/storplus/repositories/{repository.Text("id")}/escrow", new { public_key = publicKeyPem }, ct)).Text("location");
    }

    /// <summary>Where the pool's gateway answers (<c>host:port</c>), and its bucket.</summary>
    public async Task<(string Endpoint, string Bucket)> PoolStoreAsync(string poolId, CancellationToken ct)
    {
        var gateway = (await client.GetAsync($"/api/v1/storplus/pools/{poolId}", ct))["gateway"] ?? throw new ApiException("The storage pool does not say where its store is.");
        return (gateway.Text("endpoint"), gateway.Text("bucket"));
    }

    public void Dispose() => client.Dispose();

    private static Point ToPoint(JsonNode p) => new(
        p.Text("id"), p.Text("mode"), p.Text("consistency"), p.Time("taken_at") ?? default, p.Time("done_at") ?? default,
        p.Number("length_bytes"), p.Number("read_bytes"), p.Number("sent_bytes"), p.Number("stored_bytes"),
        TimeSpan.FromMicroseconds(p.Number("duration_us")), TimeSpan.FromMicroseconds(p.Number("freeze_us")), [.. p["disks"]!.AsArray().Select(d => d!.Text("id"))]);

    private static IEnumerable<JsonNode> Items(JsonNode listing) => listing["items"]!.AsArray().Select(i => i!);

    private static async Task<T> UntilAsync<T>(string what, TimeSpan limit, Func<Task<T?>> probe, CancellationToken ct)
        where T : class
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(limit);
        using var again = new PeriodicTimer(Between);
        try
        {
            while (true)
            {
                if (await probe() is { } found) return found;
                await again.WaitForNextTickAsync(late.Token);
            }
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new ApiException($"Not within {limit.TotalSeconds:0} s: {what} ({e.Message})");
        }
    }
}

internal sealed record Machine(string Id, string Name);

/// <summary>A recovery point as the catalogue lists it.</summary>
/// <param name="Freeze">The longest time that a file system stood still, as the agent measured it.</param>
internal sealed record Point(
    string Id, string Mode, string Consistency, DateTimeOffset TakenAt, DateTimeOffset DoneAt,
    long Length, long Read, long Sent, long Stored, TimeSpan Duration, TimeSpan Freeze, IReadOnlyList<string> Disks);
