namespace HyperBdr.Engine.Stores;

/// <summary>Holds puts and reads to a rate in bytes per second, by the hour of the week; the plan may be changed while calls wait.</summary>
/// <remarks>
/// The average over seconds is held, not the pace within one call: a put waits for its bytes' share before it is sent. Waiting callers look
/// at the plan again when it changes and every <see cref="LookAgain"/>, so that the end of a window frees them.
/// </remarks>
public sealed class RateLimitedStore : StoreDecorator
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);
    private readonly TimeProvider time;
    private readonly TokenBucket up;
    private readonly TokenBucket down;
    private volatile State state;

    /// <param name="inner">The store behind.</param>
    /// <param name="plan">Which rate holds when.</param>
    /// <param name="time">Fills the buckets and tells the hour.</param>
    public RateLimitedStore(IBlobStore inner, RatePlan plan, TimeProvider time)
        : base(inner)
    {
        plan.Check();
        this.time = time;
        (up, down) = (new TokenBucket(time), new TokenBucket(time));
        state = new State(plan);
    }

    /// <summary>The plan that holds now. Setting it frees those who wait under the former one.</summary>
    public RatePlan Plan
    {
        get => state.Plan;
        set
        {
            value.Check();
            var former = Interlocked.Exchange(ref state, new State(value));
            up.Reset();
            down.Reset();
            former.Replaced.TrySetResult();
        }
    }

    /// <inheritdoc/>
    public override async Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        await PassAsync(up, content.Length, rate => rate.UpBytesPerSecond, ct);
        return await Inner.PutAsync(name, content, ct);
    }

    /// <inheritdoc/>
    public override async Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
    {
        await PassAsync(down, into.Length, rate => rate.DownBytesPerSecond, ct);
        return await Inner.ReadAsync(name, offset, into, ct);
    }

    private async Task PassAsync(TokenBucket bucket, long amount, Func<Rate, long?> direction, CancellationToken ct)
    {
        var rate = direction(state.Plan.At(time.GetUtcNow()));
        if (rate is not { } limit) return;
        var began = state;
        for (var wait = bucket.Take(amount, limit); wait > TimeSpan.Zero;)
        {
            var pause = wait < LookAgain ? wait : LookAgain;
            await Task.WhenAny(Task.Delay(pause, time, ct), began.Replaced.Task);
            ct.ThrowIfCancellationRequested();
            wait -= pause;
            // Another rate holds now, by the hour or by order: the wait under the former one is over.
            if (began != state || direction(began.Plan.At(time.GetUtcNow())) != limit) return;
        }
    }

    private sealed record State(RatePlan Plan)
    {
        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
