namespace HyperBdr.Engine.Stores.Validation;

/// <summary>One promise of a store, as something to try.</summary>
/// <param name="Name">A stable word for it, for reports and filters: <c>put.create-if-absent</c>.</param>
/// <param name="Promise">The sentence that holds when the check passes.</param>
/// <param name="Run">Tries it; a broken promise is an <see cref="EngineException"/> with <see cref="Fault.StoreLies"/>.</param>
public sealed record StoreCheck(string Name, string Promise, Func<StoreTrial, CancellationToken, Task> Run)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What one check found.</summary>
/// <param name="Check">The check.</param>
/// <param name="Took">How long it ran.</param>
/// <param name="Failure">Null when the promise held.</param>
public sealed record StoreCheckResult(StoreCheck Check, TimeSpan Took, EngineException? Failure);

/// <summary>How much a validation does.</summary>
/// <param name="ManyNames">Blobs put for the long listing; above 1000 it crosses a page of S3.</param>
/// <param name="LargeBytes">Size of the largest blob; above the part size it takes several parts.</param>
/// <param name="LoadSteps">Operations of the mixed load.</param>
/// <param name="Seed">Of everything random.</param>
public sealed record StoreContractOptions(int ManyNames, int LargeBytes, int LoadSteps, int Seed)
{
    /// <summary>Everything; minutes on a slow store.</summary>
    public static StoreContractOptions Full { get; } = new(1100, 70 << 20, 600, 1);

    /// <summary>The same checks with fewer names and bytes.</summary>
    public static StoreContractOptions Quick { get; } = new(40, 6 << 20, 120, 1);
}
