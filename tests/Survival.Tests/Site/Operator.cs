using System.Text.Json.Nodes;
using HyperBdr.Demo.Api;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>What an operator does and sees at the API while parts of the suite die: a call without an answer is made again.</summary>
internal sealed class Operator(SuiteApi api, string hostId)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    public SuiteApi Api => api;

    public string HostId => hostId;

    public Task<JsonNode> HostAsync() => ReadAsync($"/api/v1/ant/hosts/{hostId}");

    public Task<JsonNode> TaskAsync(string id) => ReadAsync($"/api/v1/ant/tasks/{id}");

    public Task<JsonNode> ReadinessAsync() => ReadAsync($"/api/v1/ant/hosts/{hostId}/readiness");

    /// <summary>Every sync of the host that there ever was.</summary>
    public async Task<IReadOnlyList<JsonNode>> SyncsAsync() => [.. (await AllAsync($"/api/v1/ant/tasks?source_id={hostId}")).Where(t => t.Text("type") == "sync")];

    public Task<IReadOnlyList<JsonNode>> PointsAsync() => AllAsync($"/api/v1/storplus/points?host_id={hostId}&state=create_done");

    /// <summary>Entries of the trail about one kind of event, the newest first.</summary>
    public async Task<IReadOnlyList<JsonNode>> EventsAsync(string action) =>
        [.. (await ReadAsync($"/api/v1/owl/audit?kind=event&q={action}&page_size=100"))["items"]!.AsArray().Select(i => i!)];

    /// <summary>Starts a sync; an accepted one whose answer was lost is taken up.</summary>
    /// <param name="mbps">0 for no limit.</param>
    /// <returns>Its task.</returns>
    public async Task<string> SyncAsync(bool full = false, int mbps = 0)
    {
        var before = (await SyncsAsync()).Select(t => t.Text("id")).ToHashSet(StringComparer.Ordinal);
        return await Patience.UntilAsync("a sync is accepted", AnswerLimit, async () =>
        {
            var fresh = (await SyncsAsync()).FirstOrDefault(t => !before.Contains(t.Text("id")));
            if (fresh is not null) return fresh.Text("id");
            var answer = await api.Client.PostAsync("/api/v1/ant/hosts/sync", new { ids = new[] { hostId }, mode = full ? "full" : "incremental", transfer_speed = mbps }, CancellationToken.None);
            return answer["results"]![0]!["task_id"]?.ToString();
        });
    }

    /// <summary>Waits for a task's end, whatever it is.</summary>
    public Task<JsonNode> EndedAsync(string id, TimeSpan limit) => Patience.UntilAsync($"task {id} has ended", limit, async () =>
        await TaskAsync(id) is var task && task.Text("status") is "done" or "failed" or "aborted" ? task : null);

    public Task<JsonNode> ReadAsync(string path) => Patience.UntilAsync($"GET {path}", AnswerLimit, async () => (JsonNode?)await api.Client.GetAsync(path, CancellationToken.None));

    private async Task<IReadOnlyList<JsonNode>> AllAsync(string path)
    {
        var rows = new List<JsonNode>();
        for (var page = 1; ; page++)
        {
            var answer = await ReadAsync($"{path}&page={page}&page_size=100");
            var items = answer["items"]!.AsArray();
            rows.AddRange(items.Select(i => i!));
            if (items.Count == 0 || rows.Count >= answer.Number("total")) return rows;
        }
    }
}
