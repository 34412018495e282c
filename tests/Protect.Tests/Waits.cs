namespace HyperBdr.ProtectTests;

/// <summary>Waits for a condition, never for a time.</summary>
internal static class Waits
{
    public static async Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> probe, CancellationToken ct)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(limit);
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            while (!await probe()) await again.WaitForNextTickAsync(late.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {limit}: {what}", e);
        }
    }
}
