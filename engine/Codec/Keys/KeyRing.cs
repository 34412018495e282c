using System.Buffers;
using System.Buffers.Binary;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>The secrets of one repository and the keys derived from them (docs/formats/keys.md).</summary>
/// <remarks>
/// The identity secret is fixed for the repository's life, because chunk ids and so deduplication depend on it. Data is sealed under the
/// latest seal epoch and opens under its own. A ring never changes: <see cref="KeyRotation.AddSealEpoch"/> makes another.
/// Safe for calls side by side. Disposing zeroes its memory: dispose after the last use; spans given before hold zeros from then on.
/// </remarks>
public sealed class KeyRing : IDisposable
{
    /// <summary>Bytes of every key but <see cref="BlockHashKey"/>.</summary>
    public const int KeySize = KeyDerivation.KeySize;

    /// <summary>Bytes of the salt of a pack or a sealed object.</summary>
    public const int SaltSize = KeyDerivation.SaltSize;

    /// <summary>Bytes of <see cref="BlockHashKey"/>.</summary>
    public const int BlockHashKeySize = 8448;

    /// <summary>Epochs that a ring holds at most.</summary>
    public const int MaxEpochs = 1024;

    private const int BlockHashPieces = 2;
    private static readonly SearchValues<char> PurposeLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz-");

    private readonly SecretBytes identity;
    private readonly EpochSecret[] epochs;
    private readonly SecretBytes chunkIdKey, nodeIdKey, blockHashKey, configKey, slotKey;

    internal KeyRing(Guid tenantId, Guid repositoryId, SecretBytes identity, EpochSecret[] epochs)
    {
        TenantId = tenantId;
        RepositoryId = repositoryId;
        this.identity = identity;
        this.epochs = epochs;
        chunkIdKey = DeriveIdentityKey("chunk-id");
        nodeIdKey = DeriveIdentityKey("node-id");
        configKey = DeriveIdentityKey("config");
        slotKey = DeriveIdentityKey("slot-tag");
        blockHashKey = DeriveBlockHashKey();
        Epochs = Array.AsReadOnly(Array.ConvertAll(epochs, e => new SealEpochInfo(e.Number, e.CreatedAt)));
    }

    /// <summary>The tenant that every derived key is bound to.</summary>
    public Guid TenantId { get; }

    /// <summary>The repository that every derived key is bound to.</summary>
    public Guid RepositoryId { get; }

    /// <summary>The latest epoch, which new data is sealed under.</summary>
    public uint SealEpoch => epochs[^1].Number;

    /// <summary>All epochs, ascending without gaps, one at least.</summary>
    public IReadOnlyList<SealEpochInfo> Epochs { get; }

    /// <summary>The HMAC-SHA-256 key of chunk ids, 32 bytes.</summary>
    public ReadOnlySpan<byte> ChunkIdKey => chunkIdKey.Span;

    /// <summary>The HMAC-SHA-256 key of map node ids, 32 bytes.</summary>
    public ReadOnlySpan<byte> NodeIdKey => nodeIdKey.Span;

    /// <summary>The random bytes of the universal hash that compares blocks locally, <see cref="BlockHashKeySize"/> bytes.</summary>
    public ReadOnlySpan<byte> BlockHashKey => blockHashKey.Span;

    /// <summary>The HMAC-SHA-256 key of the object <c>config</c>, 32 bytes.</summary>
    public ReadOnlySpan<byte> ConfigKey => configKey.Span;

    /// <summary>The HMAC-SHA-256 key by which any holder of the ring recognises the repository's own key slots.</summary>
    internal ReadOnlySpan<byte> SlotKey => slotKey.Span;

    internal ReadOnlySpan<byte> Identity => identity.Span;

    internal ReadOnlySpan<EpochSecret> EpochSecrets => epochs;

    /// <summary>A new ring with random secrets and the epoch 1.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: an empty id, a time before 1970.</exception>
    public static KeyRing Create(Guid tenantId, Guid repositoryId, DateTimeOffset createdAt)
    {
        if (tenantId == Guid.Empty || repositoryId == Guid.Empty)
            throw new EngineException(Fault.InvalidArgument, "key ring", "needs a tenant and a repository id");
        var stored = Fields.Stored(createdAt);
        return new(tenantId, repositoryId, SecretBytes.Random(KeySize), [new(1, stored, SecretBytes.Random(KeySize))]);
    }

    /// <summary>The AES-256-GCM key of one pack.</summary>
    /// <param name="epoch">The epoch that the pack names.</param>
    /// <param name="salt">The pack's 32 random bytes.</param>
    /// <param name="key">32 bytes that the key is written to.</param>
    /// <exception cref="EngineException"><see cref="Fault.MissingEpoch"/></exception>
    public void PackKey(uint epoch, ReadOnlySpan<byte> salt, Span<byte> key) => DeriveEpochKey(epoch, salt, "pack", key);

    /// <summary>The AES-256-GCM key of one small sealed object.</summary>
    /// <param name="epoch">The epoch that the object names.</param>
    /// <param name="salt">The object's 32 random bytes.</param>
    /// <param name="purpose">What the object is: 1 to 32 of <c>[a-z-]</c>.</param>
    /// <param name="key">32 bytes that the key is written to.</param>
    /// <exception cref="EngineException"><see cref="Fault.MissingEpoch"/></exception>
    public void ObjectKey(uint epoch, ReadOnlySpan<byte> salt, string purpose, Span<byte> key)
    {
        if (purpose.Length is 0 or > 32 || purpose.AsSpan().ContainsAnyExcept(PurposeLetters))
            throw new EngineException(Fault.InvalidArgument, "purpose", "not a purpose");
        DeriveEpochKey(epoch, salt, "object/" + purpose, key);
    }

    /// <summary>Zeroes every secret and derived key.</summary>
    public void Dispose()
    {
        foreach (var epoch in epochs) epoch.Secret.Dispose();
        foreach (var secret in (ReadOnlySpan<SecretBytes>)[identity, chunkIdKey, nodeIdKey, blockHashKey, configKey, slotKey]) secret.Dispose();
    }

    /// <summary>Never a secret.</summary>
    public override string ToString() => "***";

    // Epochs follow each other without gaps, so the number is the place.
    internal EpochSecret Find(uint epoch) => epoch >= epochs[0].Number && epoch <= SealEpoch
        ? epochs[epoch - epochs[0].Number]
        : throw new EngineException(Fault.MissingEpoch, $"seal epoch {epoch}", $"this key ring holds the epochs {epochs[0].Number} to {SealEpoch}");

    private void DeriveEpochKey(uint epoch, ReadOnlySpan<byte> salt, string label, Span<byte> key)
    {
        if (salt.Length != SaltSize) throw new ArgumentException($"need {SaltSize} bytes, got {salt.Length}", nameof(salt));
        if (key.Length != KeySize) throw new ArgumentException($"need {KeySize} bytes, got {key.Length}", nameof(key));
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(number, epoch);
        KeyDerivation.Derive(Find(epoch).Secret.Span, salt, KeyDerivation.Info(label, TenantId, RepositoryId, number), key);
    }

    private SecretBytes DeriveIdentityKey(string label)
    {
        var key = new SecretBytes(KeySize);
        KeyDerivation.Derive(identity.Span, [], KeyDerivation.Info(label, TenantId, RepositoryId), key.Span);
        return key;
    }

    // In two pieces, because one HKDF gives no more than 8,160 bytes.
    private SecretBytes DeriveBlockHashKey()
    {
        var key = new SecretBytes(BlockHashKeySize);
        const int piece = BlockHashKeySize / BlockHashPieces;
        for (byte i = 0; i < BlockHashPieces; i++)
            KeyDerivation.Derive(identity.Span, [], KeyDerivation.Info("block-hash", TenantId, RepositoryId, i), key.Span.Slice(i * piece, piece));
        return key;
    }
}

/// <summary>An epoch of sealing, without its secret.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="CreatedAt">When it was made, in microseconds, UTC; for people only.</param>
public sealed record SealEpochInfo(uint Number, DateTimeOffset CreatedAt);

/// <summary>An epoch of sealing with its 32 secret bytes.</summary>
internal sealed class EpochSecret(uint number, DateTimeOffset createdAt, SecretBytes secret)
{
    public uint Number { get; } = number;

    public DateTimeOffset CreatedAt { get; } = createdAt;

    public SecretBytes Secret { get; } = secret;

    public EpochSecret Copy() => new(Number, CreatedAt, SecretBytes.CopyOf(Secret.Span));
}
