namespace HyperBdr.Engine.Stores;

/// <summary>A store in front of another: passes everything on; a decorator overrides what it changes. Disposing disposes the inner store.</summary>
public abstract class StoreDecorator(IBlobStore inner) : IBlobStore
{
    /// <inheritdoc/>
    public string Location => inner.Location;

    /// <summary>The store behind.</summary>
    protected IBlobStore Inner => inner;

    /// <inheritdoc/>
    public virtual Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) => inner.PutAsync(name, content, ct);

    /// <inheritdoc/>
    public virtual Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct) => inner.ReadAsync(name, offset, into, ct);

    /// <inheritdoc/>
    public virtual Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => inner.FindAsync(name, ct);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<BlobInfo> ListAsync(string prefix, CancellationToken ct) => inner.ListAsync(prefix, ct);

    /// <inheritdoc/>
    public virtual Task DeleteAsync(BlobName name, CancellationToken ct) => inner.DeleteAsync(name, ct);

    /// <inheritdoc/>
    public virtual Task<DateTimeOffset> ClockAsync(CancellationToken ct) => inner.ClockAsync(ct);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DisposeOwnAsync();
        await inner.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the decorator itself holds.</summary>
    protected virtual ValueTask DisposeOwnAsync() => ValueTask.CompletedTask;
}
