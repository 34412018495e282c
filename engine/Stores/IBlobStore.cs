namespace HyperBdr.Engine.Stores;

/// <summary>Immutable named bytes on one storage backend.</summary>
/// <remarks>
/// Every implementation passes <c>BlobStoreContract</c>: a name appears only when complete; a put that returned is readable and listed
/// at once and survives a power cut; puts never overwrite; deletes are idempotent. Failures are <see cref="EngineException"/>s;
/// retrying is <c>RetryingStore</c>'s job. Safe for calls side by side.
/// </remarks>
public interface IBlobStore : IAsyncDisposable
{
    /// <summary>What people know the store by: a folder, <c>s3://host/bucket/prefix</c>; never holds a secret.</summary>
    string Location { get; }

    /// <summary>Creates the blob if, and only if, the name is free.</summary>
    /// <returns><see cref="PutOutcome.AlreadyThere"/> when the name held exactly these bytes before.</returns>
    /// <exception cref="EngineException"><see cref="Fault.NameTaken"/>: the name holds other bytes, which did not change.</exception>
    Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct);

    /// <summary>Fills <paramref name="into"/> from <paramref name="offset"/> on.</summary>
    /// <returns>Bytes read; fewer than asked for only at the end of the blob.</returns>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/>: no such blob.</exception>
    Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct);

    /// <summary>Length and age of one blob; null when there is none.</summary>
    Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct);

    /// <summary>Every blob whose name begins with <paramref name="prefix"/>, in no order. Blobs put or deleted meanwhile may or may not appear.</summary>
    IAsyncEnumerable<BlobInfo> ListAsync(string prefix, CancellationToken ct);

    /// <summary>Removes the blob for good; without effect when there is none.</summary>
    Task DeleteAsync(BlobName name, CancellationToken ct);

    /// <summary>The store's own clock, which all ages are measured with.</summary>
    Task<DateTimeOffset> ClockAsync(CancellationToken ct);
}

/// <summary>What a put did.</summary>
public enum PutOutcome
{
    /// <summary>The blob is new.</summary>
    Created,
    /// <summary>The same bytes were there under this name; nothing changed.</summary>
    AlreadyThere,
}

/// <summary>A blob as listed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Bytes.</param>
/// <param name="ModifiedAt">When it was put, by the store's clock (seconds may be cut).</param>
public sealed record BlobInfo(BlobName Name, long Length, DateTimeOffset ModifiedAt);
