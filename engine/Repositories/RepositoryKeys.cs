using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Repositories;

/// <summary>The key slots of a repository in its store.</summary>
public static class RepositoryKeys
{
    internal const string Prefix = "keys/";
    private const int MaxSlots = 256;

    /// <summary>The key ring, by the first slot that the key opens, with every later seal epoch.</summary>
    /// <exception cref="EngineException"><see cref="Fault.WrongKey"/>: no slot opens with it.</exception>
    public static async Task<KeyRing> UnlockAsync(IBlobStore store, Guid repositoryId, KeySource key, CancellationToken ct)
    {
        EngineException? unreadable = null;
        await foreach (var (name, stored) in SlotsAsync(store, ct))
        {
            try
            {
                var slot = KeySlot.Parse(stored, repositoryId, name.Value);
                if (slot.Kind != key.Kind) continue;
                var ring = slot.Open(key);
                return await KeyRotation.FollowAllAsync(ring, (link, token) => ReadLinkAsync(store, link, token), ct);
            }
            catch (EngineException e) when (e.Fault is Fault.WrongKey or Fault.Corrupt or Fault.ForeignRepository or Fault.NewerFormat)
            {
                // One damaged or planted slot must not close the door for the others.
                if (e.Fault != Fault.WrongKey) unreadable = e;
            }
        }

        throw unreadable ?? new EngineException(Fault.WrongKey, store.Location, "opens with none of its key slots by this key");
    }

    /// <summary>Every slot's name and bytes.</summary>
    public static async IAsyncEnumerable<(BlobName Name, byte[] Stored)> SlotsAsync(IBlobStore store, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var names = new List<BlobName>();
        await foreach (var blob in store.ListAsync(Prefix, ct))
        {
            if (names.Count < MaxSlots && blob.Length <= KeySlot.MaxBytes) names.Add(blob.Name);
        }

        foreach (var name in names)
        {
            if (await TryReadAsync(store, name, KeySlot.MaxBytes, ct) is { } stored) yield return (name, stored);
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>?> ReadLinkAsync(IBlobStore store, string link, CancellationToken ct)
    {
        // A delegate's null must stay one: an empty memory would be a damaged link.
        if (await TryReadAsync(store, new BlobName(link), KeySlot.MaxBytes, ct) is { } stored) return stored;
        return null;
    }

    private static async Task<byte[]?> TryReadAsync(IBlobStore store, BlobName name, int maxBytes, CancellationToken ct)
    {
        var buffer = new byte[maxBytes];
        try
        {
            var got = await store.ReadAsync(name, 0, buffer, ct);
            return buffer[..got];
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            return null;
        }
    }
}
