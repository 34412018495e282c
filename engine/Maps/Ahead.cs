using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Maps;

/// <summary>Loads a few items ahead of the one that is being used, in order, because a load may take 20 ms.</summary>
internal static class Ahead
{
    /// <summary>Loads each item of a sequence and gives the results in the sequence's order.</summary>
    /// <param name="items">What to load.</param>
    /// <param name="window">Most loads in flight.</param>
    /// <param name="load">Loads one; must not throw before it returns its task.</param>
    /// <param name="ct">Cancels the loads in flight, as does an early end of the enumeration.</param>
    public static async IAsyncEnumerable<TOut> LoadAsync<TIn, TOut>(
        IAsyncEnumerable<TIn> items, int window, Func<TIn, CancellationToken, Task<TOut>> load, [EnumeratorCancellation] CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var inFlight = new Queue<Task<TOut>>(window);
        try
        {
            await foreach (var item in items.WithCancellation(stop.Token))
            {
                inFlight.Enqueue(load(item, stop.Token));
                if (inFlight.Count == window) yield return await inFlight.Dequeue();
            }

            while (inFlight.TryDequeue(out var next)) yield return await next;
        }
        finally
        {
            await stop.CancelAsync();
            // What the abandoned loads say no longer matters; that they have ended does.
            await ((Task)Task.WhenAll(inFlight)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
