using System.Runtime.CompilerServices;
using HyperBdr.Engine;
using EngineBlobName = HyperBdr.Engine.Stores.BlobName;

namespace HyperBdr.Storplus.Stores;

/// <summary>A folder as a probe sees it: the engine's store, its faults in a probe's words.</summary>
internal sealed class FolderStore(string root) : IBlobStore
{
    private static readonly TimeSpan DraftLifetime = TimeSpan.FromHours(1);
    private readonly HyperBdr.Engine.Stores.FolderStore inner = new(root);

    /// <summary>Makes the folder, shows that it takes a file, and removes what dead processes left.</summary>
    public Task OpenAsync(CancellationToken ct) => Run("open", root, () => inner.CleanAsync(DraftLifetime, ct), ct);

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct) => Run("put", name, async () =>
    {
        try
        {
            return await inner.PutAsync(NameOf(name), content, ct) == Engine.Stores.PutOutcome.Created ? PutOutcome.Created : PutOutcome.AlreadyThere;
        }
        catch (EngineException e) when (e is { Fault: Fault.NameTaken, InnerException: null })
        {
            return PutOutcome.AlreadyThere;
        }
    }, ct);

    public Task<int> ReadAsync(string name, long offset, Memory<byte> into, CancellationToken ct) => Run("read", name, () => inner.ReadAsync(NameOf(name), offset, into, ct), ct);

    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var found = await Run("list", prefix, async () => await inner.ListAsync(prefix, ct).ToListAsync(ct), ct);
        foreach (var blob in found) yield return new BlobInfo(blob.Name.Value, blob.Length);
    }

    public Task DeleteAsync(string name, CancellationToken ct) => Run("delete", name, async () =>
    {
        await inner.DeleteAsync(NameOf(name), ct);
        return true;
    }, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static EngineBlobName NameOf(string name) => EngineBlobName.IsValid(name) ? new EngineBlobName(name) : throw new ArgumentException($"not a blob name: {name}", nameof(name));

    private static async Task<T> Run<T>(string action, string name, Func<Task<T>> work, CancellationToken ct)
    {
        try
        {
            // A hanging disk or share must not hold the caller beyond its limit.
            return await work().WaitAsync(ct);
        }
        catch (EngineException e)
        {
            throw FolderFaults.Of(e, action, name);
        }
    }
}
