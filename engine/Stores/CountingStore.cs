using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Stores;

/// <summary>Counts calls that began and bytes that went through, per kind. For figures and tests; exact under parallel calls.</summary>
public sealed class CountingStore(IBlobStore inner) : StoreDecorator(inner)
{
    private static readonly int Kinds = Enum.GetValues<StoreCall>().Length;
    private readonly long[] calls = new long[Kinds];
    private readonly long[] bytes = new long[Kinds];

    /// <summary>Calls of a kind that began.</summary>
    public long Calls(StoreCall kind) => Interlocked.Read(ref calls[(int)kind]);

    /// <summary>Bytes that succeeded puts sent or reads gave; the blobs named, for listings.</summary>
    public long Amount(StoreCall kind) => Interlocked.Read(ref bytes[(int)kind]);

    /// <inheritdoc/>
    public override async Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        Began(StoreCall.Put);
        var outcome = await Inner.PutAsync(name, content, ct);
        Add(StoreCall.Put, content.Length);
        return outcome;
    }

    /// <inheritdoc/>
    public override async Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
    {
        Began(StoreCall.Read);
        var read = await Inner.ReadAsync(name, offset, into, ct);
        Add(StoreCall.Read, read);
        return read;
    }

    /// <inheritdoc/>
    public override Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct)
    {
        Began(StoreCall.Find);
        return Inner.FindAsync(name, ct);
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        Began(StoreCall.List);
        await foreach (var blob in Inner.ListAsync(prefix, ct))
        {
            Add(StoreCall.List, 1);
            yield return blob;
        }
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(BlobName name, CancellationToken ct)
    {
        Began(StoreCall.Delete);
        return Inner.DeleteAsync(name, ct);
    }

    /// <inheritdoc/>
    public override Task<DateTimeOffset> ClockAsync(CancellationToken ct)
    {
        Began(StoreCall.Clock);
        return Inner.ClockAsync(ct);
    }

    private void Began(StoreCall kind) => Interlocked.Increment(ref calls[(int)kind]);

    private void Add(StoreCall kind, long amount) => Interlocked.Add(ref bytes[(int)kind], amount);
}
