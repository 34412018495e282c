using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Suite;
using Shouldly;
using Xunit;

namespace HyperBdr.SystemTests;

/// <summary>1,000 pools are registered while every process is killed once: what was accepted happened once, and all is up again by itself.</summary>
[Collection(SuiteCollection.Name)]
public sealed class Survival(RunningSuite suite, ITestOutputHelper output)
{
    private const int Calls = 1000;
    private const int Callers = 8;
    private static readonly string[] Victims = ["identity", "porter", "storplus", "ant", "owl", "report", "gateway", "redis", "rabbitmq", "postgres"];
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(6);

    /// <param name="Request">The gateway's <c>X-Request-Id</c>, which the audit entry carries as its trace id.</param>
    private sealed record Call(string Task, string Request);

    [Fact]
    public async Task Every_accepted_call_is_one_audit_entry_and_one_finished_task_whatever_is_killed()
    {
        using var company = await Company.CreateAsync(suite, "survivor");
        var client = company.Keys[Roles.TenantAdmin];
        var accepted = new ConcurrentBag<Call>();
        var killed = 0;
        var calling = CallUntilAcceptedAsync(client, accepted, () => Volatile.Read(ref killed));
        foreach (var victim in Victims)
        {
            // Each kill falls among its own tenth of the calls.
            var share = Calls * killed / Victims.Length;
            await Waiting.UntilAsync($"{share} calls", TimeSpan.FromMinutes(3), () => Task.FromResult(accepted.Count >= share));
            await KillAndWaitAsync(victim);
            Volatile.Write(ref killed, killed + 1);
        }

        await calling;
        accepted.Count.ShouldBe(Calls);
        accepted.DistinctBy(c => c.Task).Count().ShouldBe(Calls);
        await EveryTaskIsFinishedAsync(client, accepted);
        await EveryCallIsOneEntryAsync(client, accepted);
    }

    /// <summary>Calls go on until 1,000 were accepted; a call that was not accepted is no call, and another takes its place.</summary>
    private static Task CallUntilAcceptedAsync(SigningClient client, ConcurrentBag<Call> accepted, Func<int> killed)
    {
        var left = Calls;
        return Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                // Keep some calls for every kill that is still to come.
                while (accepted.Count > Calls * (killed() + 1) / Victims.Length) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
                accepted.Add(await Waiting.UntilAsync("a call is accepted", TimeSpan.FromMinutes(3), async () =>
                {
                    // A name of its own for each try: the one before may have been taken up without an answer.
                    var name = Guid.CreateVersion7().ToString("n");
                    using var answer = await client.SendAsync(HttpMethod.Post, "/api/v1/storplus/pools", new { name, kind = "folder", folder = new { path = name } });
                    if (!answer.IsSuccessStatusCode) return null;
                    var task = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["probe_task_id"]!.GetValue<string>();
                    return new Call(task, answer.Headers.GetValues("X-Request-Id").Single());
                }));
            }
        }));
    }

    private async Task KillAndWaitAsync(string victim)
    {
        var before = await RowAsync(victim);
        using (var process = Process.GetProcessById(before.GetProperty("process_id").GetInt32())) process.Kill();
        var begin = TimeProvider.System.GetTimestamp();
        var limit = victim is "rabbitmq" or "postgres" ? TimeSpan.FromSeconds(120) : TimeSpan.FromSeconds(60);
        await Waiting.UntilAsync($"all is up after {victim} was killed", limit, async () =>
        {
            using var status = await suite.StatusAsync();
            return status is not null
                && status.RootElement.GetProperty("healthy").GetBoolean()
                && Row(status, victim).GetProperty("restarts").GetInt32() > before.GetProperty("restarts").GetInt32();
        });
        output.WriteLine($"{victim}: up again after {TimeProvider.System.GetElapsedTime(begin).TotalSeconds:0.0} s");
    }

    private async Task<JsonElement> RowAsync(string name)
    {
        using var status = await suite.StatusAsync();
        return Row(status!, name).Clone();
    }

    private static JsonElement Row(JsonDocument status, string name) =>
        status.RootElement.GetProperty("services").EnumerateArray().Single(s => s.GetProperty("name").GetString() == name);

    private static async Task EveryTaskIsFinishedAsync(SigningClient client, ConcurrentBag<Call> accepted)
    {
        await Waiting.UntilAsync("no task is working", DrainLimit, async () =>
            (await client.OkAsync(HttpMethod.Get, "/api/v1/ant/tasks?status=working&page_size=1"))["total"]!.GetValue<int>() == 0
            && (await client.OkAsync(HttpMethod.Get, "/api/v1/ant/tasks?page_size=1"))["total"]!.GetValue<int>() >= Calls);
        var tasks = (await Company.AllAsync(client, "/api/v1/ant/tasks")).ToLookup(t => t["id"]!.GetValue<string>(), t => t["status"]!.GetValue<string>());
        accepted.Where(c => !tasks[c.Task].SequenceEqual(["done"])).Select(c => $"{c.Task}: {string.Join(',', tasks[c.Task])}").ShouldBeEmpty();
    }

    private static async Task EveryCallIsOneEntryAsync(SigningClient client, ConcurrentBag<Call> accepted)
    {
        Dictionary<string, int> entries = [];
        var walks = 0;
        try
        {
            await Waiting.UntilAsync("every accepted call has its audit entry", DrainLimit, async () =>
            {
                entries = await EntriesByRequestAsync(client);
                walks++;
                return accepted.All(c => entries.ContainsKey(c.Request));
            });
        }
        catch (TimeoutException e)
        {
            var missing = accepted.Where(c => !entries.ContainsKey(c.Request)).Select(c => c.Request).ToArray();
            throw new TimeoutException($"{missing.Length} accepted calls have no audit entry after {walks} whole walks: {string.Join(' ', missing.Take(10))}", e);
        }

        accepted.Where(c => entries[c.Request] != 1).Select(c => $"{c.Request}: {entries[c.Request]} entries").ShouldBeEmpty();
        var verdict = await client.OkAsync(HttpMethod.Post, "/api/v1/owl/audit/verify", new { });
        verdict["intact"]!.GetValue<bool>().ShouldBeTrue(verdict.ToJsonString());
    }

    /// <summary>Accepted registrations in the trail, counted by request.</summary>
    private static async Task<Dictionary<string, int>> EntriesByRequestAsync(SigningClient client)
    {
        var entries = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var before = long.MaxValue; ;)
        {
            var page = (await client.OkAsync(HttpMethod.Get, $"/api/v1/owl/audit?kind=call&outcome=accepted&page_size=500&before_sequence={before}"))["items"]!.AsArray();
            if (page.Count == 0) return entries;
            foreach (var entry in page.Where(e => e!["action"]!.GetValue<string>() is "storplus.pools.register"))
            {
                var request = entry!["detail"]!["trace_id"]!.GetValue<string>();
                entries[request] = entries.GetValueOrDefault(request) + 1;
            }

            before = page.Min(e => e!["sequence"]!.GetValue<long>());
        }
    }
}
