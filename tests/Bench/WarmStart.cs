using HyperBdr.Fixtures.Suite;

namespace HyperBdr.Bench;

/// <summary>From <c>./run --detach</c> on an existing home, all built, until it returns with everything healthy.</summary>
internal static class WarmStart
{
    public static async Task PrintAsync(RunningSuite suite, int rounds)
    {
        var seconds = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            await suite.RunAsync("run", ["--stop"]);
            var begin = TimeProvider.System.GetTimestamp();
            await suite.RunAsync("run", ["--detach"]);
            seconds.Add(TimeProvider.System.GetElapsedTime(begin).TotalSeconds);
        }

        Console.WriteLine($"warm start to healthy: {string.Join(", ", seconds.Select(s => $"{s:0.0} s"))}");
    }
}
