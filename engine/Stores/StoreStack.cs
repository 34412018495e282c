using Microsoft.Extensions.Logging;

namespace HyperBdr.Engine.Stores;

/// <summary>What stands in front of a store; null leaves a layer out.</summary>
public sealed record StoreStackOptions
{
    /// <summary>Refuse every change.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Calls at once.</summary>
    public int? AtOnce { get; init; } = 16;

    /// <summary>Bytes per second by the hour.</summary>
    public RatePlan? Rates { get; init; }

    /// <summary>What is tried again.</summary>
    public RetryPolicy? Retry { get; init; } = RetryPolicy.Default;

    /// <summary>Where calls and failures are logged.</summary>
    public ILogger? Logger { get; init; }
}

/// <summary>A store with everything in front of it.</summary>
/// <param name="Store">What the repository uses; disposing it disposes all.</param>
/// <param name="Rates">The layer whose plan may be changed while running, when there is one.</param>
public sealed record StoreStack(IBlobStore Store, RateLimitedStore? Rates)
{
    /// <summary>
    /// The one place where the layers are put together. From the outside in: read-only, retry, log (each try), rate (each try costs its
    /// bytes), places (only what really runs holds one), store.
    /// </summary>
    public static StoreStack Build(IBlobStore store, StoreStackOptions options, TimeProvider time)
    {
        RateLimitedStore? rates = null;
        if (options.AtOnce is { } atOnce) store = new ThrottledStore(store, atOnce);
        if (options.Rates is { } plan) store = rates = new RateLimitedStore(store, plan, time);
        if (options.Logger is { } logger) store = new LoggingStore(store, logger, time);
        if (options.Retry is { } retry) store = new RetryingStore(store, retry, time);
        if (options.ReadOnly) store = new ReadOnlyStore(store);
        return new StoreStack(store, rates);
    }
}
