using System.Runtime.CompilerServices;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Tests.Maintenance;

/// <summary>Lets the store calls of several actors happen one at a time, in an order that a seed decides.</summary>
/// <remarks>A call is let through only when every actor that still runs waits in one, so each step is a choice among all of them.</remarks>
internal sealed class Scheduler(int seed)
{
    private readonly Lock gate = new();
    private readonly Random random = new(seed);
    private readonly List<(int Actor, TaskCompletionSource Go)> waiting = [];
    private readonly Dictionary<int, int> weights = [];
    private bool running;

    /// <summary>Steps so far.</summary>
    public int Steps { get; private set; }

    /// <summary>An actor begins; a heavier one gets more turns.</summary>
    public void Join(int actor, int weight)
    {
        lock (gate) weights[actor] = weight;
    }

    public void Leave(int actor)
    {
        lock (gate)
        {
            weights.Remove(actor);
            Next();
        }
    }

    public async Task<T> RunAsync<T>(int actor, Func<Task<T>> call)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waiting.Add((actor, go));
            Next();
        }

        await go.Task;
        try
        {
            return await call();
        }
        finally
        {
            lock (gate)
            {
                running = false;
                Next();
            }
        }
    }

    private void Next()
    {
        if (running || waiting.Count == 0 || weights.Keys.Any(a => !waiting.Exists(w => w.Actor == a))) return;
        var drawn = random.Next(weights.Values.Sum());
        var actor = weights.OrderBy(w => w.Key).First(w => (drawn -= w.Value) < 0).Key;
        var index = waiting.FindIndex(w => w.Actor == actor);
        var (_, go) = waiting[index];
        waiting.RemoveAt(index);
        running = true;
        Steps++;
        go.SetResult();
    }
}

/// <summary>The store as one actor sees it.</summary>
internal sealed class ScheduledStore(IBlobStore inner, Scheduler scheduler, int actor) : IBlobStore
{
    public string Location => inner.Location;

    public Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) => scheduler.RunAsync(actor, () => inner.PutAsync(name, content, ct));

    public Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct) => scheduler.RunAsync(actor, () => inner.ReadAsync(name, offset, into, ct));

    public Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => scheduler.RunAsync(actor, () => inner.FindAsync(name, ct));

    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var blob in await scheduler.RunAsync(actor, async () => await inner.ListAsync(prefix, ct).ToListAsync(ct))) yield return blob;
    }

    public Task DeleteAsync(BlobName name, CancellationToken ct) => scheduler.RunAsync(actor, async () =>
    {
        await inner.DeleteAsync(name, ct);
        return true;
    });

    public Task<DateTimeOffset> ClockAsync(CancellationToken ct) => scheduler.RunAsync(actor, () => inner.ClockAsync(ct));

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
