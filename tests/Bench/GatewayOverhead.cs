using HyperBdr.Fixtures.Suite;

namespace HyperBdr.Bench;

/// <summary>The same GET straight to porter and through the gateway (TLS, session, limits, proxy), one after the other in one run.</summary>
internal static class GatewayOverhead
{
    private const string Path = "/api/v1/porter/enrolment-tokens";

    public static async Task PrintAsync(RunningSuite suite, int requests)
    {
        using var direct = Company.Direct(suite, "porter", 18766);
        var (straight, proxied) = (new List<double>(), new List<double>());
        for (var i = -requests / 10; i < requests; i++)
        {
            var one = await TimeAsync(() => direct.GetAsync(new Uri(Path, UriKind.Relative)));
            var other = await TimeAsync(() => Company.Administrator.SendAsync(HttpMethod.Get, Path));
            if (i < 0) continue;
            straight.Add(one);
            proxied.Add(other);
        }

        foreach (var (name, percent) in new[] { ("p50", 0.50), ("p99", 0.99) })
        {
            var (a, b) = (At(straight, percent), At(proxied, percent));
            Console.WriteLine($"GET {name}: direct {a:0.00} ms, through the gateway {b:0.00} ms, overhead {b - a:0.00} ms, ratio {b / a:0.00}");
        }
    }

    private static async Task<double> TimeAsync(Func<Task<HttpResponseMessage>> call)
    {
        var begin = TimeProvider.System.GetTimestamp();
        using var answer = await call();
        answer.EnsureSuccessStatusCode();
        return TimeProvider.System.GetElapsedTime(begin).TotalMilliseconds;
    }

    private static double At(List<double> values, double percent) => values.Order().ElementAt((int)((values.Count - 1) * percent));
}
