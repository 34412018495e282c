using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Sync;

/// <summary>Holds what is read from disks to a rate, over all sessions that share it; may be changed while they run. Safe for calls side by side.</summary>
public sealed class ReadLimit(TimeProvider time)
{
    /// <summary>A change of the rate reaches a waiting session after this at the latest.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private readonly TokenBucket bucket = new(time);
    private long rate;

    /// <summary>Bytes a second; 0 for no limit.</summary>
    public long BytesPerSecond
    {
        get => Interlocked.Read(ref rate);
        set
        {
            Interlocked.Exchange(ref rate, Math.Max(0, value));
            bucket.Reset();
        }
    }

    /// <summary>Waits until what was read is paid for.</summary>
    internal async ValueTask PassAsync(long bytes, CancellationToken ct)
    {
        var limit = BytesPerSecond;
        if (limit == 0) return;
        for (var wait = bucket.Take(bytes, limit); wait > TimeSpan.Zero && BytesPerSecond == limit; wait -= LookAgain)
        {
            await Task.Delay(wait < LookAgain ? wait : LookAgain, time, ct);
        }
    }
}
