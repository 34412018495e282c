using System.Globalization;
using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>Changes of keys that leave every stored byte readable (docs/formats/keys.md).</summary>
/// <remarks>
/// A later epoch's secret is stored as a link, <c>keyring/&lt;epoch&gt;</c>, sealed under the epoch before it. So a slot of any age, an offline
/// escrow slot too, opens every later epoch, and adding an epoch is one put: no slot must be rewritten for it.
/// </remarks>
public static class KeyRotation
{
    private const ushort LinkVersion = 1;
    private const int LinkLength = 4 + 2 + 4 + 8 + KeyRing.KeySize;

    private static ReadOnlySpan<byte> LinkMagic => "HBKE"u8;

    /// <summary>The blob name of an epoch's link, for example <c>keyring/0000000002</c>.</summary>
    public static string LinkName(uint epoch) => "keyring/" + epoch.ToString("D10", CultureInfo.InvariantCulture);

    /// <summary>A ring with one more epoch, and the link that must be stored, durably, before anything is sealed under that epoch.</summary>
    /// <remarks>Two that add an epoch at once meet at the link's name: the second put fails with <see cref="Fault.NameTaken"/>;
    /// its ring must be dropped and the chain followed instead.</remarks>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: the ring is full (<see cref="KeyRing.MaxEpochs"/>).</exception>
    public static NewSealEpoch AddSealEpoch(KeyRing ring, DateTimeOffset createdAt)
    {
        if (ring.Epochs.Count == KeyRing.MaxEpochs)
            throw new EngineException(Fault.InvalidArgument, "key ring", $"holds {KeyRing.MaxEpochs} epochs, which is the most");
        var epoch = new EpochSecret(ring.SealEpoch + 1, Fields.Stored(createdAt), SecretBytes.Random(KeyRing.KeySize));
        var longer = Extend(ring, epoch);
        return new(longer, LinkName(epoch.Number), Link(longer, epoch.Number));
    }

    /// <summary>The link of an epoch that the ring holds, sealed anew: a lost or damaged link is made again from any ring that has the epoch.</summary>
    /// <param name="ring">The ring; it holds <paramref name="epoch"/> and the one before.</param>
    /// <param name="epoch">2 or more.</param>
    /// <exception cref="EngineException"><see cref="Fault.MissingEpoch"/></exception>
    public static byte[] Link(KeyRing ring, uint epoch)
    {
        var (before, linked) = (ring.Find(epoch - 1), ring.Find(epoch));
        using var plain = new SecretBytes(LinkLength);
        var writer = new FieldWriter(plain.Span);
        writer.Bytes(LinkMagic);
        writer.U16(LinkVersion);
        writer.U32(linked.Number);
        writer.Time(linked.CreatedAt);
        writer.Bytes(linked.Secret.Span);
        Span<byte> salt = stackalloc byte[KeyRing.SaltSize];
        RandomNumberGenerator.Fill(salt);
        return SealedObject.Seal(ring, before.Number, SealedPurpose.Keyring, plain.Span, Context(LinkName(epoch)), Compression.None, salt);
    }

    /// <summary>A ring with the epoch that a link holds; the link is that of the ring's next epoch.</summary>
    /// <param name="ring">The ring to extend; still its owner's to dispose.</param>
    /// <param name="link">The bytes of <c>keyring/&lt;<see cref="KeyRing.SealEpoch"/> + 1&gt;</c>.</param>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>, <see cref="Fault.ForeignRepository"/>, <see cref="Fault.NewerFormat"/></exception>
    public static KeyRing Follow(KeyRing ring, ReadOnlySpan<byte> link)
    {
        var next = ring.SealEpoch + 1;
        var name = LinkName(next);
        using var plain = SealedObject.OpenSecret(ring, SealedPurpose.Keyring, link, Context(name), LinkLength, name);
        var reader = new FieldReader(plain.Span, name);
        reader.Begin(LinkMagic, LinkVersion);
        var number = reader.U32();
        if (number != next || ring.Epochs.Count == KeyRing.MaxEpochs) throw reader.Corrupt($"holds the epoch {number}, which cannot follow {ring.SealEpoch}");
        var createdAt = reader.Time();
        var secret = reader.Bytes(KeyRing.KeySize);
        reader.End();
        return Extend(ring, new(number, createdAt, SecretBytes.CopyOf(secret)));
    }

    /// <summary>Follows the chain to its end.</summary>
    /// <param name="ring">A ring of any age. It is disposed when a later one takes its place.</param>
    /// <param name="readLink">Gives the bytes of the blob with this name; null when there is none.</param>
    /// <param name="ct">Cancels between links.</param>
    /// <returns>The ring with every epoch; <paramref name="ring"/> itself when there is no later one.</returns>
    /// <exception cref="EngineException">Those of <see cref="Follow"/> and of <paramref name="readLink"/>.</exception>
    public static async Task<KeyRing> FollowAllAsync(KeyRing ring, Func<string, CancellationToken, ValueTask<ReadOnlyMemory<byte>?>> readLink, CancellationToken ct)
    {
        var latest = ring;
        while (latest.Epochs.Count < KeyRing.MaxEpochs)
        {
            ct.ThrowIfCancellationRequested();
            if (await readLink(LinkName(latest.SealEpoch + 1), ct) is not { } link) break;
            var longer = Follow(latest, link.Span);
            latest.Dispose();
            latest = longer;
        }

        return latest;
    }

    /// <summary>A new slot for the ring inside an old one, with the same label. Store the new slot, open it once, then delete the old.</summary>
    /// <exception cref="EngineException">Those of <see cref="KeySlot.Open(KeySource)"/>.</exception>
    public static byte[] Rewrap(KeySlot slot, KeySource opens, ISlotLock with, DateTimeOffset createdAt)
    {
        using var ring = slot.Open(opens);
        return KeySlot.Create(ring, with, slot.Label, createdAt);
    }

    /// <summary>A new escrow slot with the latest ring for the same recipient; its private key stays offline.</summary>
    /// <remarks>The old slot is checked first: who can write to the store could plant a slot of their own and wait for the ring.</remarks>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: no escrow slot. <see cref="Fault.Corrupt"/>: not made by a holder of the ring.</exception>
    public static byte[] RewrapEscrow(KeySlot slot, KeyRing ring, DateTimeOffset createdAt)
    {
        slot.Check(ring);
        var recipient = slot.Recipient ?? throw new EngineException(Fault.InvalidArgument, "key slot", $"opens with a key of the kind {slot.Kind}; only an escrow slot is renewed without its key");
        return KeySlot.Create(ring, recipient, slot.Label, createdAt);
    }

    private static KeyRing Extend(KeyRing ring, EpochSecret epoch)
    {
        var epochs = ring.EpochSecrets;
        var copies = new EpochSecret[epochs.Length + 1];
        for (var i = 0; i < epochs.Length; i++) copies[i] = epochs[i].Copy();
        copies[^1] = epoch;
        return new(ring.TenantId, ring.RepositoryId, SecretBytes.CopyOf(ring.Identity), copies);
    }

    private static byte[] Context(string name) => System.Text.Encoding.ASCII.GetBytes(name);
}

/// <summary>A ring with a new epoch, and what must be stored before it is used.</summary>
/// <param name="Ring">The ring; the caller's to dispose.</param>
/// <param name="LinkName">The link's blob name.</param>
/// <param name="Link">The link's bytes.</param>
public sealed record NewSealEpoch(KeyRing Ring, string LinkName, ReadOnlyMemory<byte> Link);
