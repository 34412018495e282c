namespace HyperBdr.Storplus.Stores;

/// <summary>Immutable named bytes on one storage backend.</summary>
/// <remarks>
/// A name appears only when complete; a put that returned is readable at once and survives a power cut; puts never overwrite;
/// deletes are idempotent. Failures are <see cref="StoreException"/>. Safe for calls side by side.
/// Names are parts of <c>[A-Za-z0-9_-]</c> joined by <c>/</c>; each store lives below a place of its own.
/// </remarks>
internal interface IBlobStore : IAsyncDisposable
{
    /// <summary>Reaches the store's own place and may prepare it (a folder is made; a bucket must exist).</summary>
    Task OpenAsync(CancellationToken ct);

    /// <summary>Creates the blob if, and only if, the name is free.</summary>
    Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct);

    /// <summary>Fills <paramref name="into"/> from <paramref name="offset"/> on.</summary>
    /// <returns>Bytes read; fewer than asked for only at the end of the blob.</returns>
    Task<int> ReadAsync(string name, long offset, Memory<byte> into, CancellationToken ct);

    /// <summary>Every blob whose name begins with <paramref name="prefix"/>, in no order.</summary>
    IAsyncEnumerable<BlobInfo> ListAsync(string prefix, CancellationToken ct);

    /// <summary>Removes the blob; without effect when there is none.</summary>
    Task DeleteAsync(string name, CancellationToken ct);
}

internal enum PutOutcome
{
    Created,
    /// <summary>The name was taken; the store's content did not change.</summary>
    AlreadyThere,
}

internal sealed record BlobInfo(string Name, long Length);
