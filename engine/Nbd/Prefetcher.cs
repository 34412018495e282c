using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>Brings a disk's units into a cache in the order that an earlier boot read them, in the background, only so far ahead of the
/// readers as half of the cache holds. A failure of the source only ends it: readers see their own.</summary>
/// <remarks>One per cache. Dispose it before the cache.</remarks>
public sealed class Prefetcher : IAsyncDisposable
{
    /// <summary>Ranges that are fetched at one time.</summary>
    private const int Together = 8;

    private readonly Lock gate = new();
    private readonly CachedSource cache;
    private readonly BootProfile profile;
    private readonly Dictionary<long, int> places;
    private readonly CancellationTokenSource closing = new();
    private readonly int ahead;
    private readonly Task work;
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int furthest = -1;
    private int disposed;

    /// <param name="cache">The cache of the same disk.</param>
    /// <param name="profile">The order; one of another size of disk or unit is not used.</param>
    public Prefetcher(CachedSource cache, BootProfile profile)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(profile);
        (this.cache, this.profile) = (cache, profile);
        places = new(profile.Units.Count);
        for (var i = 0; i < profile.Units.Count; i++) places.TryAdd(profile.Units[i], i);
        ahead = cache.CapacityBytes / cache.UnitBytes / 2;
        cache.Touched = Touch;
        work = profile.UnitBytes == cache.UnitBytes && profile.DiskBytes == cache.Length ? Task.Run(FetchAllAsync) : Task.CompletedTask;
    }

    /// <summary>Ends when everything was fetched, or when it was disposed or failed.</summary>
    public Task Done => work;

    /// <summary>Ends the background work and returns when it is over.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        cache.Touched = null;
        await closing.CancelAsync();
        await work;
        closing.Dispose();
    }

    private void Touch(long unit)
    {
        if (!places.TryGetValue(unit, out var place)) return;
        TaskCompletionSource wake;
        lock (gate)
        {
            if (place <= furthest) return;
            furthest = place;
            wake = moved;
            moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        wake.TrySetResult();
    }

    private async Task FetchAllAsync()
    {
        var running = new List<Task>(Together);
        try
        {
            for (var next = 0; next < profile.Units.Count;)
            {
                var count = RunLength(next);
                await WaitForReadersAsync(next + count);
                if (running.Count == Together) running.Remove(await Task.WhenAny(running));
                running.Add(WarmAsync(new(profile.Units[next] * cache.UnitBytes, (long)count * cache.UnitBytes)));
                next += count;
            }

            await Task.WhenAll(running);
        }
        catch (OperationCanceledException)
        {
            // Disposed; what is under way ends with it.
            await Task.WhenAll(running);
        }
    }

    /// <summary>Units from this one on that adjoin on the disk, as many as one read of the source takes.</summary>
    private int RunLength(int first)
    {
        var count = 1;
        while (first + count < profile.Units.Count && profile.Units[first + count] == profile.Units[first] + count && (count + 1L) * cache.UnitBytes <= 1024 * 1024) count++;
        return count;
    }

    private async Task WaitForReadersAsync(int end)
    {
        while (true)
        {
            Task turn;
            lock (gate)
            {
                if (end <= furthest + 1 + ahead) return;
                turn = moved.Task;
            }

            await turn.WaitAsync(closing.Token);
        }
    }

    private async Task WarmAsync(ByteRange range)
    {
        try
        {
            await cache.WarmAsync(range, closing.Token);
        }
        catch (Exception e) when (e is EngineException or IOException or OperationCanceledException)
        {
            await closing.CancelAsync();
        }
    }
}
