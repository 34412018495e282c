using HyperBdr.Demo.Api;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>Waits for a condition while parts of the suite are down: a call that is not answered is tried again.</summary>
internal static class Patience
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(150);

    public static async Task<T> UntilAsync<T>(string what, TimeSpan limit, Func<Task<T?>> probe)
        where T : class
    {
        using var late = new CancellationTokenSource(limit);
        using var again = new PeriodicTimer(Between);
        Exception? last = null;
        try
        {
            while (true)
            {
                try
                {
                    if (await probe() is { } found) return found;
                    last = null;
                }
                catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException or ApiException or System.Text.Json.JsonException)
                {
                    last = e;
                }

                await again.WaitForNextTickAsync(late.Token);
            }
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"Not within {limit.TotalSeconds:0} s: {what}{(last is null ? "" : $" ({last.Message})")}", e);
        }
    }

    public static Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> probe) => UntilAsync(what, limit, async () => await probe() ? "yes" : null);
}
