using System.Collections.Concurrent;

namespace HyperBdr.Gateway.Limits;

/// <summary>One bucket of permits per key: it holds <c>burst</c> and refills by <c>perSecond</c>. Thread-safe.</summary>
internal sealed class TokenBuckets(int perSecond, int burst, TimeProvider time)
{
    /// <summary>Above it, full buckets are dropped; when none is full, strangers share one.</summary>
    private const int MostKeys = 50_000;
    private const string Strangers = "";
    private readonly ConcurrentDictionary<string, Bucket> buckets = new(StringComparer.Ordinal);
    private long lastSweep;

    /// <summary>Takes a permit.</summary>
    /// <returns>Null when there was one, else how long until there is.</returns>
    public TimeSpan? Take(string key) => BucketOf(key).Take(this, cost: 1);

    /// <summary>How long until there is a permit; null when there is one. Takes none.</summary>
    public TimeSpan? Peek(string key) => buckets.TryGetValue(key, out var bucket) ? bucket.Take(this, cost: 0) : null;

    private Bucket BucketOf(string key)
    {
        if (buckets.TryGetValue(key, out var bucket)) return bucket;
        if (buckets.Count >= MostKeys) Sweep();
        return buckets.GetOrAdd(buckets.Count < MostKeys ? key : Strangers, static (_, limit) => new Bucket(limit), this);
    }

    private void Sweep()
    {
        var last = Interlocked.Read(ref lastSweep);
        if (time.GetElapsedTime(last) < TimeSpan.FromSeconds(1) || Interlocked.CompareExchange(ref lastSweep, time.GetTimestamp(), last) != last) return;
        foreach (var (key, bucket) in buckets)
            if (bucket.IsFull(this)) buckets.TryRemove(key, out _);
    }

    private sealed class Bucket(TokenBuckets limit)
    {
        private readonly Lock gate = new();
        private double permits = limit.Burst;
        private long filled = limit.Now;

        public TimeSpan? Take(TokenBuckets of, int cost)
        {
            lock (gate)
            {
                Fill(of);
                if (permits < 1) return TimeSpan.FromSeconds((1 - permits) / of.PerSecond);
                permits -= cost;
                return null;
            }
        }

        public bool IsFull(TokenBuckets of)
        {
            lock (gate)
            {
                Fill(of);
                return permits >= of.Burst;
            }
        }

        private void Fill(TokenBuckets of)
        {
            permits = Math.Min(of.Burst, permits + (of.Since(filled).TotalSeconds * of.PerSecond));
            filled = of.Now;
        }
    }

    private int Burst => burst;

    private int PerSecond => perSecond;

    private long Now => time.GetTimestamp();

    private TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp);
}
