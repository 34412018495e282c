using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using HyperBdr.Contracts.Control;
using HyperBdr.Demo.Api;
using HyperBdr.SurvivalTests.Site;
using Shouldly;
using Xunit;

namespace HyperBdr.SurvivalTests;

/// <summary>kill -9 of one process at a random moment of each sync. <c>LONG=1</c> makes 200 runs, <c>HYPERBDR_RUNS</c> another number, <c>HYPERBDR_SEED</c> repeats one.</summary>
[Collection(SiteCollection.Name)]
public sealed class Kills(ProtectedSite site, ITestOutputHelper output)
{
    private const int Megabit = 1_000_000 / 8;
    private const int RateMbps = 120;
    private static readonly string[] Victims = ["agent", "s3block", "ant", "porter", "storplus", "gateway", "watchman", "postgres", "rabbitmq", "redis"];
    private static readonly TimeSpan TaskLimit = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan UpLimit = TimeSpan.FromMinutes(2);
    private readonly Dictionary<string, string> outcomes = new(StringComparer.Ordinal);

    private static int Runs => int.TryParse(Environment.GetEnvironmentVariable("HYPERBDR_RUNS"), CultureInfo.InvariantCulture, out var given) ? given : ProtectedSite.IsLong ? 200 : Victims.Length;

    [Fact]
    public async Task Every_completed_point_restores_and_no_task_is_lost_or_done_twice_whatever_is_killed()
    {
        var random = new Random(site.Seed);
        var order = Enumerable.Range(0, Runs).Select(i => Victims[i % Victims.Length]).ToArray();
        random.Shuffle(order);
        output.WriteLine($"HYPERBDR_SEED={site.Seed}");
        var asked = (await site.Operator.SyncsAsync()).Count;
        foreach (var (number, victim) in order.Index())
        {
            var begin = Stopwatch.GetTimestamp();
            var (task, more) = await RunAsync(number, victim, random);
            asked += 1 + more;
            Note($"{number + 1,3} {victim,-9} {task.Text("status")} {task["error_code"]} {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s");
            if (number % 10 == 9) await HoldsAsync(asked, newest: 4);
        }

        await HoldsAsync(asked, newest: int.MaxValue);
        (await site.Recovery.RepositoryFaultAsync()).ShouldBeNull(Where(""));
        (await site.Gateway.CheckAsync()).ShouldContain(" 0 damaged");
    }

    /// <summary>One sync and one kill; when the sync failed truly, another one that must work.</summary>
    private async Task<(JsonNode Task, int More)> RunAsync(int number, string victim, Random random)
    {
        var bytes = random.Next(2, 24) << 20;
        site.Writer.Burst(bytes, random.Next());
        var length = TimeSpan.FromSeconds(1.5 + ((double)bytes / (RateMbps * Megabit)));
        var moment = length * random.NextDouble();
        var before = await StatusAsync();
        var id = await site.Operator.SyncAsync(mbps: RateMbps);
        await Task.Delay(moment, TimeProvider.System);
        Kill(victim, before);
        var task = await EndedAsync(id, number, victim);
        await UpAsync(victim, before);
        if (task.Text("status") == "done") return (task, 0);
        (task["error_code"]?.ToString()).ShouldNotBeNullOrEmpty(Where(victim));
        var next = await EndedAsync(await site.Operator.SyncAsync(), number, victim);
        next.Text("status").ShouldBe("done", $"{Where(victim)}: after {task["error_code"]} {task["error_description"]} the next sync ended with {next["error_code"]} {next["error_description"]}");
        return (task, 1);
    }

    private async Task<JsonNode> EndedAsync(string id, int number, string victim)
    {
        try
        {
            return await site.Operator.EndedAsync(id, TaskLimit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{Where(victim)}, run {number + 1}: {e.Message}: {(await site.Operator.TaskAsync(id)).ToJsonString()}\n{site.Agent.Tail()}", e);
        }
    }

    private void Kill(string victim, SuiteStatus before)
    {
        switch (victim)
        {
            case "agent": site.Agent.Unit.Kill(); break;
            case "watchman": site.Gateway.Watchman.Kill(); break;
            case "s3block": site.Gateway.KillS3Block(); break;
            default: Signals.Kill(before.Services.Single(s => s.Name == victim).ProcessId!.Value); break;
        }
    }

    private Task UpAsync(string victim, SuiteStatus before) => Patience.UntilAsync($"all is up after {victim} was killed", UpLimit, async () =>
        await site.Control.StatusAsync(CancellationToken.None) is { Healthy: true } status
        && (before.Services.SingleOrDefault(s => s.Name == victim) is not { } row || status.Services.Single(s => s.Name == victim).Restarts > row.Restarts));

    private async Task<SuiteStatus> StatusAsync() => await Patience.UntilAsync("the suite is healthy", UpLimit, async () =>
        await site.Control.StatusAsync(CancellationToken.None) is { Healthy: true } status ? status : null);

    /// <param name="newest">So many points are restored, and one of the others.</param>
    private async Task HoldsAsync(int asked, int newest)
    {
        var syncs = await site.Operator.SyncsAsync();
        syncs.Count.ShouldBe(asked, Where("a sync was lost or made twice"));
        syncs.Where(t => t.Text("status") is not ("done" or "failed" or "aborted")).Select(t => t.ToJsonString()).ShouldBeEmpty();
        var points = (await site.Operator.PointsAsync()).OrderByDescending(p => p.Time("taken_at")).ToList();
        points.Select(p => p.Text("id")).Distinct(StringComparer.Ordinal).Count().ShouldBe(points.Count);
        points.Count.ShouldBe(Math.Min(128, syncs.Count(t => t.Text("status") == "done")), Where("points and finished syncs are not one to one"));
        site.Agent.BegunTwice().ShouldBeEmpty(Where("a command was begun anew"));
        var faults = new List<string>();
        foreach (var point in points.Where((_, i) => i < newest || i == points.Count - 1))
        {
            if (outcomes.TryGetValue(point.Text("id"), out _) && newest != int.MaxValue) continue;
            if (await site.Recovery.FaultAsync(point) is { } fault) faults.Add(fault);
            else outcomes[point.Text("id")] = "holds";
        }

        faults.ShouldBeEmpty(Where("points that do not restore"));
        Note($"    {syncs.Count} syncs, {points.Count} points, all restore");
    }

    private string Where(string what) => $"HYPERBDR_SEED={site.Seed} {what}";

    private void Note(string line)
    {
        output.WriteLine(line);
        // A long run is watched while it goes on.
        File.AppendAllText(Path.Combine(site.Home, "runs.log"), $"{TimeProvider.System.GetUtcNow():HH:mm:ss} {line}\n");
    }
}
