namespace HyperBdr.Engine.Stores;

/// <summary>Refuses every change with <see cref="Fault.StoreRefused"/>: for restores, verification and inspection.</summary>
public sealed class ReadOnlyStore(IBlobStore inner) : StoreDecorator(inner)
{
    /// <inheritdoc/>
    public override Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) => Task.FromException<PutOutcome>(Refused(name));

    /// <inheritdoc/>
    public override Task DeleteAsync(BlobName name, CancellationToken ct) => Task.FromException(Refused(name));

    private static EngineException Refused(BlobName name) => new(Fault.StoreRefused, name.Value, "the store was opened for reading only");
}
