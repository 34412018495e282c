namespace HyperBdr.Engine.Index;

/// <summary>Loads named objects a few ahead of their use, in order, with a bound on what is in memory.</summary>
internal sealed class OrderedLoads : IAsyncDisposable
{
    private readonly string[] names;
    private readonly Func<string, CancellationToken, Task<byte[]>> load;
    private readonly int inFlight;
    private readonly CancellationTokenSource stop;
    private readonly Queue<Task<byte[]>> running = new();
    private int started;

    public OrderedLoads(string[] names, Func<string, CancellationToken, Task<byte[]>> load, int inFlight, CancellationToken ct)
    {
        this.names = names;
        this.load = load;
        this.inFlight = inFlight;
        stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
    }

    /// <summary>The bytes of the next object; what its load throws is thrown here.</summary>
    public async Task<byte[]> NextAsync()
    {
        while (started < names.Length && running.Count < inFlight) running.Enqueue(LoadAsync(names[started++]));
        return await running.Dequeue();
    }

    /// <summary>Cancels the loads that nobody waits for, and waits until they have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        foreach (var task in running) await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    // Asynchronous from its first line: a load that throws at once fails in its turn, as any other.
    private async Task<byte[]> LoadAsync(string name)
    {
        stop.Token.ThrowIfCancellationRequested();
        return await load(name, stop.Token);
    }
}
