using HyperBdr.AppHost.Processes.Servers;
using HyperBdr.Contracts.Control;

namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>All runnables of one home: started in order of need, stopped in the opposite order.</summary>
internal sealed class Suite : IAsyncDisposable
{
    /// <summary>Time that services together get to end in order; the servers come after them.</summary>
    public static readonly TimeSpan ServicesStopWithin = TimeSpan.FromSeconds(12);
    public static readonly TimeSpan AllStopWithin = TimeSpan.FromSeconds(25);

    private readonly CancellationTokenSource _end = new();
    private readonly Task[] _loops;
    private readonly TimeProvider _time;

    public Suite(Home home, IReadOnlyList<IRunnable> runnables, TimeProvider time)
    {
        (Home, _time, StartedAt) = (home, time, time.GetUtcNow());
        Order = Plan.InOrder(runnables).Select(one => new Supervised(one, home, Board, IsMet, time)).ToList();
        _loops = [.. Order.Select(one => Task.Run(() => one.RunAsync(_end.Token)))];
    }

    public Home Home { get; }
    public StateBoard Board { get; } = new();
    public DateTimeOffset StartedAt { get; }

    /// <summary>Whatever is needed comes before what needs it.</summary>
    public IReadOnlyList<Supervised> Order { get; }

    public bool IsHealthy => Order.All(one => one.IsReady);
    public Supervised? FirstFailed => Order.FirstOrDefault(one => one.HasFailed);

    public Supervised? Find(string name) => Order.FirstOrDefault(one => one.Runnable.Name == name);

    public void Start()
    {
        // A step that is complete stays so: it ran for these very binaries.
        foreach (var one in Order.Where(one => !(one.Runnable is IRunsToCompletion && one.IsCompleted))) one.Start();
    }

    public async Task StopAsync(CancellationToken ct)
    {
        using var services = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var all = CancellationTokenSource.CreateLinkedTokenSource(ct);
        services.CancelAfter(ServicesStopWithin);
        all.CancelAfter(AllStopWithin);
        await Task.WhenAll(Order.Select(one => StopAfterUsersAsync(one, one.Runnable is IServer ? all.Token : services.Token)));
    }

    /// <summary>Each ends after everything that needs it has ended.</summary>
    private async Task StopAfterUsersAsync(Supervised one, CancellationToken killNow)
    {
        var users = Order.Where(user => user.Runnable.Needs.Any(need => need.Name == one.Runnable.Name)).ToList();
        await Board.UntilAsync(() => users.TrueForAll(user => !user.IsWanted && user.State is ServiceState.Exited), CancellationToken.None);
        await one.StopAsync(killNow);
    }

    public async Task RestartAsync(IReadOnlyCollection<Supervised> chosen, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(ServicesStopWithin);
        foreach (var one in Order.Reverse().Where(chosen.Contains)) await one.StopAsync(limit.Token);
        foreach (var one in Order.Where(chosen.Contains)) one.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (var loop in _loops) await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var one in Order) await one.DisposeAsync();
        _end.Dispose();
    }

    private bool IsMet(Need need) => Find(need.Name) is { } one && (need.Completed ? one.IsCompleted : one.IsReady);
}
