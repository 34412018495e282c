namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>One sync runs at a time; whoever stops or slows it finds it here by the id of its command. Thread-safe.</summary>
internal sealed class SyncSlot : IDisposable
{
    private const int MaxRemembered = 256;
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> rates = new(StringComparer.Ordinal);
    private readonly HashSet<string> stopped = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim free = new(1);
    private ActiveSync? current;

    public string? CurrentId
    {
        get
        {
            lock (gate) return current?.CommandId;
        }
    }

    /// <summary>Waits a moment for the sync that may be ending.</summary>
    /// <returns>Null when another sync goes on.</returns>
    public async Task<ActiveSync?> TryEnterAsync(string commandId, TimeSpan patience, CancellationToken ct)
    {
        if (!await free.WaitAsync(patience, ct)) return null;
        lock (gate)
        {
            current = new ActiveSync(this, commandId, ct);
            // An order to stop may come before the order to begin, after a restart.
            if (stopped.Contains(commandId)) current.Stop();
            if (rates.TryGetValue(commandId, out var rate)) current.SetRate(rate);
            return current;
        }
    }

    /// <summary>Keeps syncs out until it is disposed; null while one runs.</summary>
    public IDisposable? TryHold() => free.Wait(0) ? new Hold(free) : null;

    public void Stop(string commandId)
    {
        lock (gate)
        {
            if (stopped.Count < MaxRemembered) stopped.Add(commandId);
            if (current?.CommandId == commandId) current.Stop();
        }
    }

    public void SetRate(string commandId, long bitsPerSecond)
    {
        lock (gate)
        {
            if (rates.Count < MaxRemembered || rates.ContainsKey(commandId)) rates[commandId] = bitsPerSecond;
            if (current?.CommandId == commandId) current.SetRate(bitsPerSecond);
        }
    }

    public void Dispose()
    {
        free.Dispose();
    }

    internal void Leave(ActiveSync sync)
    {
        lock (gate)
        {
            rates.Remove(sync.CommandId);
            current = null;
        }

        free.Release();
    }

    private sealed class Hold(SemaphoreSlim held) : IDisposable
    {
        public void Dispose() => held.Release();
    }
}

/// <summary>The sync that runs.</summary>
internal sealed class ActiveSync : IDisposable
{
    private readonly SyncSlot slot;
    private readonly CancellationTokenSource ending;
    private readonly Lock gate = new();
    private PoolStore? store;
    private long? bitsPerSecond;

    internal ActiveSync(SyncSlot slot, string commandId, CancellationToken ct)
    {
        (this.slot, CommandId) = (slot, commandId);
        ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
    }

    public string CommandId { get; }

    /// <summary>Ends with the agent and with an order to stop.</summary>
    public CancellationToken Ending => ending.Token;

    public bool IsStopped { get; private set; }

    /// <summary>The rate acts on this store from now on; an order that came before wins over the command's own.</summary>
    public void Attach(PoolStore opened, long commandsBitsPerSecond)
    {
        lock (gate)
        {
            store = opened;
            opened.SetRate(bitsPerSecond ?? commandsBitsPerSecond);
        }
    }

    public void Dispose()
    {
        slot.Leave(this);
        ending.Dispose();
    }

    internal void Stop()
    {
        IsStopped = true;
        ending.Cancel();
        // What is stored already is indexed on the way out: a few bytes that must not wait behind the limit.
        SetRate(0);
    }

    internal void SetRate(long bits)
    {
        lock (gate)
        {
            bitsPerSecond = bits;
            store?.SetRate(bits);
        }
    }
}
