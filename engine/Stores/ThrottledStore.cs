using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Stores;

/// <summary>Lets at most a number of calls through at once; the others wait in order.</summary>
public sealed class ThrottledStore : StoreDecorator
{
    private readonly SemaphoreSlim places;

    /// <param name="inner">The store behind.</param>
    /// <param name="atOnce">1 to 1024.</param>
    public ThrottledStore(IBlobStore inner, int atOnce)
        : base(inner)
    {
        if (atOnce is < 1 or > 1024) throw new EngineException(Fault.InvalidArgument, inner.Location, $"{atOnce} calls at once");
        places = new SemaphoreSlim(atOnce);
    }

    /// <inheritdoc/>
    public override Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) => Run(() => Inner.PutAsync(name, content, ct), ct);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct) => Run(() => Inner.ReadAsync(name, offset, into, ct), ct);

    /// <inheritdoc/>
    public override Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => Run(() => Inner.FindAsync(name, ct), ct);

    /// <inheritdoc/>
    /// <remarks>Each step takes a place, not the whole listing: a reader that calls the store between two names must not wait for itself.</remarks>
    public override async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var names = Inner.ListAsync(prefix, ct).GetAsyncEnumerator(ct);
        while (await Run(() => names.MoveNextAsync().AsTask(), ct)) yield return names.Current;
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(BlobName name, CancellationToken ct) => Run(async () =>
    {
        await Inner.DeleteAsync(name, ct);
        return true;
    }, ct);

    /// <inheritdoc/>
    public override Task<DateTimeOffset> ClockAsync(CancellationToken ct) => Run(() => Inner.ClockAsync(ct), ct);

    /// <inheritdoc/>
    protected override ValueTask DisposeOwnAsync()
    {
        places.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<T> Run<T>(Func<Task<T>> call, CancellationToken ct)
    {
        await places.WaitAsync(ct);
        try
        {
            return await call();
        }
        finally
        {
            places.Release();
        }
    }
}
