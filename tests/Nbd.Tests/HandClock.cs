namespace HyperBdr.Nbd.Tests;

/// <summary>A clock that a test moves.</summary>
internal sealed class HandClock : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<HandTimer> timers = [];
    private long ticks = TimeSpan.TicksPerDay;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (gate) return timers.Count;
        }
    }

    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new HandTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref ticks, by.Ticks);
        HandTimer[] due;
        lock (gate) due = [.. timers.Where(t => t.Due <= GetTimestamp())];
        foreach (var timer in due) timer.Fire();
    }

    private sealed class HandTimer(HandClock clock, Action callback) : ITimer
    {
        private TimeSpan every;

        public long Due { get; private set; }

        public void Fire()
        {
            if (every > TimeSpan.Zero) Due = clock.GetTimestamp() + every.Ticks;
            else Dispose();
            callback();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            every = period;
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Due = clock.GetTimestamp() + dueTime.Ticks;
                clock.timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock.gate) clock.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
