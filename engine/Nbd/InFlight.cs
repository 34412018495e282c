namespace HyperBdr.Engine.Nbd;

/// <summary>Bounds the requests and bytes of one connection that are under way. One caller enters; any leave.</summary>
internal sealed class InFlight(int maxRequests, long maxBytes)
{
    private readonly Lock gate = new();
    private int requests;
    private long bytes;
    private TaskCompletionSource? waiter;
    private Func<bool>? condition;

    public bool IsIdle
    {
        get
        {
            lock (gate) return requests == 0;
        }
    }

    /// <summary>Returns when there is room for the request; one that is larger than the bound waits to be alone.</summary>
    public async ValueTask EnterAsync(long cost, CancellationToken ct)
    {
        await WhenAsync(() => requests < maxRequests && (requests == 0 || bytes + cost <= maxBytes), ct);
        lock (gate)
        {
            requests++;
            bytes += cost;
        }
    }

    public void Leave(long cost)
    {
        lock (gate)
        {
            requests--;
            bytes -= cost;
            if (condition is null || !condition()) return;
            condition = null;
            waiter!.TrySetResult();
        }
    }

    /// <summary>Returns when nothing is under way.</summary>
    public ValueTask DrainAsync(CancellationToken ct) => WhenAsync(() => requests == 0, ct);

    private async ValueTask WhenAsync(Func<bool> holds, CancellationToken ct)
    {
        Task turn;
        lock (gate)
        {
            if (holds()) return;
            condition = holds;
            waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
            turn = waiter.Task;
        }

        await turn.WaitAsync(ct);
    }
}
