namespace HyperBdr.Engine.Stores;

/// <summary>A store that keeps unfinished puts apart from its blobs and can remove those of killed processes.</summary>
public interface IDraftCleaner
{
    /// <summary>Removes unfinished puts that nobody has touched for this long by the store's clock; blobs are never touched.</summary>
    /// <returns>How many were removed.</returns>
    Task<int> CleanAsync(TimeSpan olderThan, CancellationToken ct);
}
