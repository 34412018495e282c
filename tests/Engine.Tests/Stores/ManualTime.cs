namespace HyperBdr.Engine.Tests.Stores;

/// <summary>A clock that stands still until it is moved; timers fire while it moves, each at its own time.</summary>
internal sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<Timer> timers = [];
    private DateTimeOffset now = start;
    private TaskCompletionSource waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate) return now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to each timer in turn, as somebody waits for it, until the task is done.</summary>
    public async Task<TimeSpan> RunAsync(Task task)
    {
        var began = GetUtcNow();
        while (!task.IsCompleted)
        {
            await Task.WhenAny(task, SomebodyWaitsAsync());
            if (!task.IsCompleted) Advance(NextDue());
        }

        return GetUtcNow() - began;
    }

    public Task SomebodyWaitsAsync()
    {
        lock (gate) return timers.Count > 0 ? Task.CompletedTask : waiting.Task;
    }

    public void Advance(TimeSpan by)
    {
        List<Timer> due;
        lock (gate)
        {
            now += by;
            due = [.. timers.Where(t => t.DueAt <= now)];
            timers.RemoveAll(due.Contains);
            if (timers.Count == 0) waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        foreach (var timer in due) timer.Fire();
    }

    private TimeSpan NextDue()
    {
        lock (gate) return timers.Count == 0 ? TimeSpan.Zero : timers.Min(t => t.DueAt) - now;
    }

    private sealed class Timer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                DueAt = time.now + dueTime;
                time.timers.Add(this);
                time.waiting.TrySetResult();
            }

            return true;
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
