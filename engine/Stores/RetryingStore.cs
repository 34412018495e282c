using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Stores;

/// <summary>How often and how long a call is tried again.</summary>
/// <param name="Tries">All tries together, 1 to 100.</param>
/// <param name="FirstDelay">Upper end of the first pause; each further one doubles it.</param>
/// <param name="MaxDelay">Upper end of any pause.</param>
public sealed record RetryPolicy(int Tries, TimeSpan FirstDelay, TimeSpan MaxDelay)
{
    /// <summary>10 tries, pauses up to 30 seconds: about two minutes on average.</summary>
    public static RetryPolicy Default { get; } = new(10, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    /// <summary>The pause after a failed try (from 1): random between half of its upper end and all of it, so that many clients do not come back at once.</summary>
    /// <param name="tried">Tries that failed so far.</param>
    /// <param name="dice">0 to 1.</param>
    public TimeSpan DelayAfter(int tried, double dice)
    {
        var end = Math.Min(MaxDelay.TotalMilliseconds, FirstDelay.TotalMilliseconds * Math.Pow(2, Math.Min(tried - 1, 30)));
        return TimeSpan.FromMilliseconds(end * (0.5 + (dice / 2)));
    }
}

/// <summary>Tries calls again that failed with <see cref="Fault.StoreUnavailable"/>, and no others; then the last failure is thrown.</summary>
/// <remarks>
/// Safe because a put creates only where nothing is and calls equal bytes success, and a delete of nothing succeeds. A put whose answer
/// was lost comes back as <see cref="PutOutcome.AlreadyThere"/>, though it created the blob.
/// </remarks>
public sealed class RetryingStore : StoreDecorator
{
    private readonly RetryPolicy policy;
    private readonly TimeProvider time;

    /// <param name="inner">The store behind.</param>
    /// <param name="policy">How often and how long.</param>
    /// <param name="time">Measures the pauses.</param>
    public RetryingStore(IBlobStore inner, RetryPolicy policy, TimeProvider time)
        : base(inner)
    {
        if (policy.Tries is < 1 or > 100 || policy.FirstDelay < TimeSpan.Zero || policy.MaxDelay < policy.FirstDelay) throw new EngineException(Fault.InvalidArgument, inner.Location, $"{policy}");
        (this.policy, this.time) = (policy, time);
    }

    /// <summary>Told of every failure that is tried again: how often it failed, and the pause that follows.</summary>
    public Action<EngineException, int, TimeSpan>? Retried { get; set; }

    /// <inheritdoc/>
    public override Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) => Run(() => Inner.PutAsync(name, content, ct), ct);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct) => Run(() => Inner.ReadAsync(name, offset, into, ct), ct);

    /// <inheritdoc/>
    public override Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => Run(() => Inner.FindAsync(name, ct), ct);

    /// <inheritdoc/>
    /// <remarks>A listing that breaks off begins anew and leaves out the names that it gave already: memory is that of the names given.</remarks>
    public override async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var given = new HashSet<BlobName>();
        for (var tried = 1; ; tried++)
        {
            EngineException? broken = null;
            await using var names = Inner.ListAsync(prefix, ct).GetAsyncEnumerator(ct);
            while (true)
            {
                try
                {
                    if (!await names.MoveNextAsync()) yield break;
                }
                catch (EngineException e) when (MayRetry(e, tried))
                {
                    broken = e;
                    break;
                }

                if (!given.Add(names.Current.Name)) continue;
                // A listing that goes on has recovered: only failures without progress count.
                tried = 1;
                yield return names.Current;
            }

            await PauseAsync(broken, tried, ct);
        }
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(BlobName name, CancellationToken ct) => Run(async () =>
    {
        await Inner.DeleteAsync(name, ct);
        return true;
    }, ct);

    /// <inheritdoc/>
    public override Task<DateTimeOffset> ClockAsync(CancellationToken ct) => Run(() => Inner.ClockAsync(ct), ct);

    private async Task<T> Run<T>(Func<Task<T>> call, CancellationToken ct)
    {
        for (var tried = 1; ; tried++)
        {
            try
            {
                return await call();
            }
            catch (EngineException e) when (MayRetry(e, tried))
            {
                await PauseAsync(e, tried, ct);
            }
        }
    }

    private bool MayRetry(EngineException e, int tried) => e.Fault == Fault.StoreUnavailable && tried < policy.Tries;

    private Task PauseAsync(EngineException e, int tried, CancellationToken ct)
    {
        // Spread only; nothing secret hangs on it.
        var pause = policy.DelayAfter(tried, Random.Shared.NextDouble());
        Retried?.Invoke(e, tried, pause);
        return Task.Delay(pause, time, ct);
    }
}
