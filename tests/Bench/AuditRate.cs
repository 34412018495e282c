using System.Net.Http.Json;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Suite;

namespace HyperBdr.Bench;

/// <summary>From the first mutating call until the last of their entries (a call and an event each) stands in the trail.</summary>
internal static class AuditRate
{
    private const int Callers = 16;

    public static async Task PrintAsync(RunningSuite suite, int calls)
    {
        using var porter = Company.Direct(suite, "porter", 18766);
        var before = await EntriesAsync();
        var begin = TimeProvider.System.GetTimestamp();
        await Parallel.ForAsync(0, calls, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (i, ct) =>
        {
            using var answer = await porter.PostAsJsonAsync(new Uri("/api/v1/porter/enrolment-tokens", UriKind.Relative), new { name = $"bench {i}", lifetime_s = 600 }, ct);
            answer.EnsureSuccessStatusCode();
        });
        var called = TimeProvider.System.GetElapsedTime(begin);
        await Waiting.UntilAsync("all entries", TimeSpan.FromMinutes(10), async () => await EntriesAsync() >= before + (2 * calls));
        var all = TimeProvider.System.GetElapsedTime(begin);
        Console.WriteLine($"audit: {2 * calls} entries of {calls} calls in the trail after {all.TotalSeconds:0.0} s, {2 * calls / all.TotalSeconds:0} entries/s end to end (the calls alone: {calls / called.TotalSeconds:0} calls/s)");
    }

    private static async Task<int> EntriesAsync() =>
        (await Company.Administrator.OkAsync(HttpMethod.Get, "/api/v1/owl/audit?page_size=1"))["total"]!.GetValue<int>();
}
