namespace HyperBdr.Fixtures;

/// <summary>Waits for a condition, never for a time.</summary>
public static class Waiting
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);

    /// <summary>Returns the first result that is not null; after <paramref name="limit"/> throws with <paramref name="what"/>.</summary>
    public static async Task<T> UntilAsync<T>(string what, TimeSpan limit, Func<Task<T?>> probe)
        where T : class
    {
        var time = TimeProvider.System;
        var begin = time.GetTimestamp();
        Exception? last = null;
        while (time.GetElapsedTime(begin) < limit)
        {
            try
            {
                if (await probe() is { } result) return result;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                last = e;
            }

            await Task.Delay(Between, time);
        }

        throw new TimeoutException($"Not within {limit}: {what}", last);
    }

    public static Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> probe) =>
        UntilAsync(what, limit, async () => await probe() ? "yes" : null);
}
