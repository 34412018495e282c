using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>A key slot of a repository.</summary>
/// <param name="Name">Its blob name.</param>
/// <param name="Kind">What opens it.</param>
/// <param name="Label">What people call it.</param>
/// <param name="CreatedAt">For people only.</param>
/// <param name="IsGenuine">True when a holder of the key ring made it and it has not changed.</param>
public sealed record SlotInfo(string Name, KeySlotKind Kind, string Label, DateTimeOffset CreatedAt, bool IsGenuine);

/// <summary>Changes of what opens a repository and what seals its new data (docs/formats/keys.md). Safe beside every other operation.</summary>
public static class KeyChanges
{
    /// <summary>Every slot that can be parsed, by name.</summary>
    public static async Task<IReadOnlyList<SlotInfo>> ListSlotsAsync(Repository repository, CancellationToken ct) =>
        [.. (await ReadAsync(repository, ct)).Select(s => s.Info).OrderBy(s => s.Name, StringComparer.Ordinal)];

    /// <summary>Adds a slot; durable when this returns.</summary>
    /// <returns>Its blob name.</returns>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: the label. Or a fault of the store.</exception>
    public static async Task<string> AddSlotAsync(Repository repository, ISlotLock with, string label, CancellationToken ct) =>
        await PutAsync(repository, KeySlot.Create(repository.Objects.Keys, with, label, await repository.Store.ClockAsync(ct)), ct);

    /// <summary>Removes a slot, but never the last genuine one.</summary>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/>, <see cref="Fault.Protected"/>, or a fault of the store.</exception>
    public static async Task RemoveSlotAsync(Repository repository, string name, CancellationToken ct)
    {
        var slots = await ListSlotsAsync(repository, ct);
        if (slots.All(s => s.Name != name)) throw new EngineException(Fault.NotFound, name, "is no key slot of this repository");
        if (!slots.Any(s => s.Name != name && s.IsGenuine)) throw new EngineException(Fault.Protected, name, "is the last key slot: without it nobody can open the repository");
        await repository.Store.DeleteAsync(new BlobName(name), ct);
    }

    /// <summary>Begins a new seal epoch: what is written by sessions of repositories that are opened from now on is sealed under it.</summary>
    /// <remarks>
    /// First the link is durable, from which every slot opens the new epoch; then escrow slots and the slots of the keys at hand are renewed; then the old
    /// ones of these are removed. Cut after the first step, slots are renewed by the next rotation. This repository goes on with the ring it has, until it is opened again.
    /// </remarks>
    /// <param name="repository">The repository.</param>
    /// <param name="held">Keys whose slots are renewed too; none is needed.</param>
    /// <param name="ct">Cancels between the steps.</param>
    /// <returns>The new epoch's number.</returns>
    /// <exception cref="EngineException"><see cref="Fault.Busy"/>: somebody else has rotated since this repository was opened. Or a fault of the store.</exception>
    public static async Task<uint> RotateSealEpochAsync(Repository repository, IReadOnlyList<KeySource> held, CancellationToken ct)
    {
        var now = await repository.Store.ClockAsync(ct);
        var made = KeyRotation.AddSealEpoch(repository.Objects.Keys, now);
        using var ring = made.Ring;
        try
        {
            await repository.Store.PutAsync(new BlobName(made.LinkName), made.Link, ct);
        }
        catch (EngineException e) when (e.Fault == Fault.NameTaken)
        {
            throw new EngineException(Fault.Busy, made.LinkName, "the seal epoch was changed meanwhile: open the repository again", e);
        }

        var renewed = new List<string>();
        foreach (var (slot, info) in await ReadAsync(repository, ct))
        {
            if (!info.IsGenuine || Renew(slot, ring, held, now) is not { } stored) continue;
            await PutAsync(repository, stored, ct);
            renewed.Add(info.Name);
        }

        foreach (var name in renewed) await repository.Store.DeleteAsync(new BlobName(name), ct);
        return ring.SealEpoch;
    }

    private static byte[]? Renew(KeySlot slot, KeyRing ring, IReadOnlyList<KeySource> held, DateTimeOffset now)
    {
        if (slot.Kind == KeySlotKind.Escrow) return KeyRotation.RewrapEscrow(slot, ring, now);
        foreach (var key in held.Where(k => k.Kind == slot.Kind))
        {
            if (key is ISlotLock with && Opens(slot, key)) return KeySlot.Create(ring, with, slot.Label, now);
        }

        return null;
    }

    private static bool Opens(KeySlot slot, KeySource key)
    {
        try
        {
            slot.Open(key).Dispose();
            return true;
        }
        catch (EngineException e) when (e.Fault == Fault.WrongKey)
        {
            return false;
        }
    }

    private static async Task<string> PutAsync(Repository repository, byte[] slot, CancellationToken ct)
    {
        var name = KeySlot.NameOf(slot);
        await repository.Store.PutAsync(new BlobName(name), slot, ct);
        return name;
    }

    private static async Task<List<(KeySlot Slot, SlotInfo Info)>> ReadAsync(Repository repository, CancellationToken ct)
    {
        var slots = new List<(KeySlot, SlotInfo)>();
        await foreach (var (name, stored) in RepositoryKeys.SlotsAsync(repository.Store, ct))
        {
            try
            {
                var slot = KeySlot.Parse(stored, repository.Config.RepositoryId, name.Value);
                slots.Add((slot, new SlotInfo(name.Value, slot.Kind, slot.Label, slot.CreatedAt, IsGenuine(slot, repository.Objects.Keys))));
            }
            catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.NewerFormat)
            {
                // Not a slot that this program could use; the others are.
            }
        }

        return slots;
    }

    private static bool IsGenuine(KeySlot slot, KeyRing ring)
    {
        try
        {
            slot.Check(ring);
            return true;
        }
        catch (EngineException e) when (e.Fault == Fault.Corrupt)
        {
            return false;
        }
    }
}
