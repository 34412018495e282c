using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Stores.Validation;

/// <summary>Everything that <see cref="IBlobStore"/> promises, as named checks against a real store.</summary>
/// <remarks>
/// Runs below a prefix of its own and removes what it put, also after a failure. The checks do not depend on each other. It needs the
/// store for itself only below that prefix, so it may run beside a repository.
/// </remarks>
/// <param name="store">The store to try, as the repository would use it.</param>
/// <param name="prefix">A name part that nothing else uses, for example <c>validate</c>.</param>
/// <param name="options">How much to do.</param>
/// <param name="time">Measures how long checks take.</param>
public sealed class StoreContract(IBlobStore store, string prefix, StoreContractOptions options, TimeProvider time)
{
    /// <summary>Every check, in the order in which they run.</summary>
    public static IReadOnlyList<StoreCheck> Checks { get; } = [.. PutChecks.All, .. ReadChecks.All, .. ListChecks.All, .. LoadChecks.All];

    /// <summary>Runs all checks; a failing one does not stop the rest.</summary>
    public async IAsyncEnumerable<StoreCheckResult> RunAsync([EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var check in Checks) yield return await RunAsync(check, ct);
    }

    /// <summary>Runs one check and removes what it put.</summary>
    public async Task<StoreCheckResult> RunAsync(StoreCheck check, CancellationToken ct)
    {
        var trial = new StoreTrial(store, $"{prefix}/{Guid.CreateVersion7():n}/", options);
        var began = time.GetTimestamp();
        EngineException? failure = null;
        try
        {
            await check.Run(trial, ct);
        }
        catch (EngineException e)
        {
            failure = e;
        }

        var took = time.GetElapsedTime(began);
        return new StoreCheckResult(check, took, failure ?? await CleanAsync(trial, ct));
    }

    private static async Task<EngineException?> CleanAsync(StoreTrial trial, CancellationToken ct)
    {
        try
        {
            var left = new List<BlobName>();
            await foreach (var blob in trial.Store.ListAsync(trial.Prefix, ct)) left.Add(blob.Name);
            await Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = ct }, async (name, stop) => await trial.Store.DeleteAsync(name, stop));
            return null;
        }
        catch (EngineException e)
        {
            return e;
        }
    }
}
