using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using HyperBdr.Contracts.Control;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Suite;

namespace HyperBdr.Bench.Link;

/// <summary>What thousands of connected agents cost the suite, and how they come back when it is cut. Real gateway, porter and servers, mutual TLS on the agents' name.</summary>
internal sealed class LinkNumbers(RunningSuite suite, int count) : IAsyncDisposable
{
    private const int StormCommands = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    // In memory: the agents' files lie on as many disks, not on this machine's one.
    private readonly string folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"hyperbdr-bench-{Environment.ProcessId}")).FullName;
    private readonly ControlClient control = new(suite.Home);
    private readonly DurableCommands commands = new(suite);
    private readonly List<string> machines = [];
    private LoadProcess load = null!;
    private PorterDatabase database = null!;

    private Uri Porter => new($"http://127.0.0.1:{suite.PortOf(18766)}");

    public static async Task PrintAsync(RunningSuite suite, int count, int seconds)
    {
        await using var bench = new LinkNumbers(suite, count);
        bench.database = await PorterDatabase.OpenAsync(bench.control);
        bench.load = LoadProcess.Start(bench.folder, suite.Console, Path.Combine(suite.Home, "certs", "ca.crt"));
        var length = TimeSpan.FromSeconds(seconds);
        await bench.EnrolAsync();
        await bench.RestAsync(TimeSpan.FromSeconds(10));
        var idle = await bench.SpanAsync(length);
        Console.WriteLine($"idle, no streams: {idle}");
        await bench.ConnectAsync();
        await bench.RestAsync(TimeSpan.FromSeconds(15));
        await bench.SteadyAsync(idle, length);
        await bench.RevokeAsync();
        await bench.StormAsync("gateway");
        await bench.StormAsync("porter");
    }

    public async ValueTask DisposeAsync()
    {
        if (load is not null) await load.DisposeAsync();
        if (database is not null) await database.DisposeAsync();
        commands.Dispose();
        control.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task EnrolAsync()
    {
        using var porter = Company.Direct(suite, "porter", 18766);
        var tokens = new string[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, ct) =>
        {
            using var answer = await porter.PostAsJsonAsync(new Uri("/api/v1/porter/enrolment-tokens", UriKind.Relative), new { name = $"host {i}", lifetime_s = 3600 }, ct);
            answer.EnsureSuccessStatusCode();
            tokens[i] = (await answer.Content.ReadFromJsonAsync<JsonNode>(ct))!["secret"]!.GetValue<string>();
        });
        var file = Path.Combine(folder, "tokens");
        await File.WriteAllLinesAsync(file, tokens);
        var seconds = (await load.AskAsync($"enrol {file}"))["seconds"]!.GetValue<double>();
        Console.WriteLine($"enrolment: {count} machines in {seconds:0.0} s, {count / seconds:0} a second");
    }

    /// <summary>What a stretch of time cost.</summary>
    private sealed record Span(double Gateway, double Porter, double Postgres, double Redis, double Agents, double Commits)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"CPU ms a second: gateway {Gateway:0.0}, porter {Porter:0.0}, PostgreSQL {Postgres:0.0}, Redis {Redis:0.0}; commits of porter's database {Commits:0.00} a second");
    }

    private async Task<Span> SpanAsync(TimeSpan length)
    {
        var (before, agents, commits) = (await ProcessTimes.NowAsync(control), load.CpuSeconds, await database.CommitsAsync());
        var begin = TimeProvider.System.GetTimestamp();
        await Task.Delay(length, TimeProvider.System);
        var (after, seconds) = (await ProcessTimes.NowAsync(control), TimeProvider.System.GetElapsedTime(begin).TotalSeconds);
        double Of(string service) => 1000 * after.Since(before, service) / seconds;
        return new Span(Of("gateway"), Of("porter"), Of("postgres"), Of("redis"), 1000 * (load.CpuSeconds - agents) / seconds, (await database.CommitsAsync() - commits) / seconds);
    }

    /// <summary>Until the events of the last step are with the broker, and a while.</summary>
    private async Task RestAsync(TimeSpan length)
    {
        await Waiting.UntilAsync("all events are sent", Patience, async () => await database.UnsentAsync() == 0);
        await Task.Delay(length, TimeProvider.System);
    }

    private async Task ConnectAsync()
    {
        var before = (Gateway: await ProcessTimes.ResidentAsync(control, "gateway"), Porter: await ProcessTimes.ResidentAsync(control, "porter"));
        var begin = TimeProvider.System.GetUtcNow();
        await load.AskAsync("connect");
        await BackAsync("first connection of all at one moment", begin, count);
        var after = (Gateway: await ProcessTimes.ResidentAsync(control, "gateway"), Porter: await ProcessTimes.ResidentAsync(control, "porter"));
        Console.WriteLine($"memory per held stream: gateway {(after.Gateway - before.Gateway) / 1024.0 / count:0} KiB, porter {(after.Porter - before.Porter) / 1024.0 / count:0} KiB (resident {after.Gateway >> 20} and {after.Porter >> 20} MiB)");
        foreach (var page in Enumerable.Range(1, (count + 99) / 100))
            machines.AddRange((await Company.Administrator.OkAsync(HttpMethod.Get, $"/api/v1/porter/machines?page={page}&page_size=100"))["items"]!.AsArray().Select(m => m!["id"]!.GetValue<string>()));
    }

    /// <summary>Until so many agents are welcome again, and porter's table has a sign of life of each that is younger.</summary>
    private async Task BackAsync(string what, DateTimeOffset begin, int expected)
    {
        JsonNode? state = null;
        try
        {
            await Waiting.UntilAsync(what, Patience, async () => (state = await load.StateAsync(begin))["back"]!.GetValue<int>() == expected);
            await Waiting.UntilAsync($"{what}: shown", Patience, async () => await database.SeenSinceAsync(DateTimeOffset.FromUnixTimeMilliseconds(state!["last"]!.GetValue<long>()).AddSeconds(-1)) >= 1 && await database.SeenSinceAsync(begin) == expected);
        }
        catch (TimeoutException)
        {
            Console.WriteLine($"{what}: {state}");
            throw;
        }

        var shown = TimeProvider.System.GetUtcNow() - begin;
        var last = DateTimeOffset.FromUnixTimeMilliseconds(state!["last"]!.GetValue<long>()) - begin;
        Console.WriteLine($"{what}: the last of {expected} welcome after {last.TotalSeconds:0.0} s, all shown as seen after {shown.TotalSeconds:0.0} s");
    }

    private async Task SteadyAsync(Span idle, TimeSpan length)
    {
        var (beatsBefore, delayBefore) = (await BeatsAsync(), await BeatDelay.NowAsync(Porter));
        var begin = TimeProvider.System.GetTimestamp();
        var span = await SpanAsync(length);
        var (beats, delay, seconds) = (await BeatsAsync() - beatsBefore, (await BeatDelay.NowAsync(Porter)).Since(delayBefore), TimeProvider.System.GetElapsedTime(begin).TotalSeconds);
        var rate = beats / seconds;
        double Each(Func<Span, double> part) => 1000 * (part(span) - part(idle)) / rate;
        var all = Each(s => s.Gateway) + Each(s => s.Porter) + Each(s => s.Postgres) + Each(s => s.Redis);
        Console.WriteLine($"steady, {count} streams: {span}");
        Console.WriteLine($"  {rate:0} beats a second; CPU of a beat above idle: {all:0.0} µs (gateway {Each(s => s.Gateway):0.0}, porter {Each(s => s.Porter):0.0}, PostgreSQL {Each(s => s.Postgres):0.0}, Redis {Each(s => s.Redis):0.0}), with the agents' own {all + Each(s => s.Agents):0.0} µs");
        Console.WriteLine($"  delay from the agent's clock to porter's table of streams: p50 ≤ {delay.AtMost(0.5)} ms, p99 ≤ {delay.AtMost(0.99)} ms, p99.9 ≤ {delay.AtMost(0.999)} ms; oldest last sign of life as the console shows it: {await database.OldestSeenMillisecondsAsync()} ms");
        Console.WriteLine($"  commits for heartbeats: {span.Commits - idle.Commits:0.00} a second above idle");
    }

    private async Task<double> BeatsAsync() => (await load.StateAsync(DateTimeOffset.UnixEpoch))["beats"]!.GetValue<double>();

    private async Task RevokeAsync()
    {
        var id = machines[count / 2];
        var begin = TimeProvider.System.GetUtcNow();
        await Company.Administrator.OkAsync(HttpMethod.Post, $"/api/v1/porter/machines/{id}/revoke");
        long? ended = null;
        await Waiting.UntilAsync("the revoked stream has ended", Patience, async () => (ended = (await load.StateAsync(begin))["dismissed"]![id]?.GetValue<long>()) is not null);
        Console.WriteLine($"revoking one: its stream ended {ended - begin.ToUnixTimeMilliseconds()} ms after the call's begin");
        machines.Remove(id);
    }

    private async Task StormAsync(string service)
    {
        var begin = TimeProvider.System.GetUtcNow();
        var status = await control.StatusAsync(CancellationToken.None);
        using (var process = Process.GetProcessById(status!.Services.Single(s => s.Name == service).ProcessId!.Value)) process.Kill();
        var sending = commands.SendAsync(machines.Where((_, i) => i % (machines.Count / StormCommands) == 0).Take(StormCommands));
        await BackAsync($"{service} killed", begin, machines.Count);
        var ids = await sending;
        await commands.FinishedAsync(ids);
        var executed = await load.AskAsync("executed");
        var offline = await Company.Administrator.OkAsync(HttpMethod.Get, "/api/v1/porter/machines?availability=disconnected&page_size=1");
        Console.WriteLine($"  {ids.Count} commands sent meanwhile: {ids.Count(id => executed[id]?.GetValue<int>() == 1)} executed exactly once and answered; machines offline in the API: {offline["total"]}");
        await Waiting.UntilAsync("the suite is healthy", Patience, async () => await control.StatusAsync(CancellationToken.None) is { Healthy: true });
    }
}
