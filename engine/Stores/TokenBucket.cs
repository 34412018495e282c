namespace HyperBdr.Engine.Stores;

/// <summary>Bytes that may pass: filled at a rate, at most one second's worth; a large amount runs it into debt, which later callers wait for.</summary>
internal sealed class TokenBucket(TimeProvider time)
{
    private readonly Lock gate = new();
    private double level;
    private long last = time.GetTimestamp();

    /// <summary>Takes the amount at once and says how long the caller waits for it.</summary>
    public TimeSpan Take(long amount, long bytesPerSecond)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            level = Math.Min(bytesPerSecond, level + (time.GetElapsedTime(last, now).TotalSeconds * bytesPerSecond));
            last = now;
            level -= amount;
            return level >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-level / bytesPerSecond);
        }
    }

    /// <summary>Forgets debt and credit, for a change of the rate.</summary>
    public void Reset()
    {
        lock (gate) (level, last) = (0, time.GetTimestamp());
    }
}
