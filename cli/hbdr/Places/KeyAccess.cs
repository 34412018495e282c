using HyperBdr.Engine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Hbdr.Places;

/// <summary>A repository's key slots, with the key ring that tells its own from planted ones.</summary>
internal sealed class KeyAccess : IAsyncDisposable
{
    private readonly Repository repository;

    private KeyAccess(Repository repository, KeyRing ring)
    {
        this.repository = repository;
        Ring = ring;
    }

    public KeyRing Ring { get; }

    public IBlobStore Store => repository.Store;

    public RepositoryConfig Config => repository.Config;

    public static async Task<KeyAccess> OpenAsync(RepositoryPlace place, CancellationToken ct)
    {
        var opened = await place.OpenAsync(ct);
        try
        {
            using var key = place.Key.Open(place.Io.Environment);
            return new KeyAccess(opened, await RepositoryKeys.UnlockAsync(opened.Store, opened.Config.RepositoryId, key, ct));
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>Every slot, the oldest first; one that cannot be read, or that no holder of the ring made, carries its fault.</summary>
    public async Task<List<FoundSlot>> ListAsync(CancellationToken ct)
    {
        var found = new List<FoundSlot>();
        await foreach (var (name, stored) in RepositoryKeys.SlotsAsync(Store, ct)) found.Add(Look(name, stored));
        return [.. found.OrderBy(s => s.Slot?.CreatedAt ?? DateTimeOffset.MaxValue).ThenBy(s => s.Id, StringComparer.Ordinal)];
    }

    /// <summary>Stores a new slot and reads it back; the slot is in use when this returns.</summary>
    public async Task<FoundSlot> AddAsync(ISlotLock with, string label, CancellationToken ct)
    {
        var stored = KeySlot.Create(Ring, with, label, await Store.ClockAsync(ct));
        var name = new BlobName(KeySlot.NameOf(stored));
        await Store.PutAsync(name, stored, ct);
        var read = new byte[KeySlot.MaxBytes];
        var slot = KeySlot.Parse(read.AsSpan(0, await Store.ReadAsync(name, 0, read, ct)), Config.RepositoryId, name.Value);
        slot.Check(Ring);
        if (with is KeySource key)
        {
            using var ring = slot.Open(key);
        }

        return new FoundSlot(name, slot, null);
    }

    public async ValueTask DisposeAsync()
    {
        Ring.Dispose();
        await repository.DisposeAsync();
    }

    private FoundSlot Look(BlobName name, byte[] stored)
    {
        try
        {
            var slot = KeySlot.Parse(stored, Config.RepositoryId, name.Value);
            slot.Check(Ring);
            return new FoundSlot(name, slot, null);
        }
        catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.NewerFormat)
        {
            return new FoundSlot(name, null, e);
        }
    }
}

/// <summary>A key slot as found in the store; <paramref name="Slot"/> is null when <paramref name="Fault"/> says why not.</summary>
internal sealed record FoundSlot(BlobName Name, KeySlot? Slot, EngineException? Fault)
{
    public string Id => Name.LastPart;

    public string ShortId => Id[..Math.Min(10, Id.Length)];
}
