using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>A stored object <c>keys/&lt;id&gt;</c>: the repository's key ring, wrapped under one key-encryption key (docs/formats/keys.md).</summary>
/// <remarks>
/// What stands here in clear can be read without a key and is believed only after <see cref="Open(KeySource)"/> or <see cref="Check"/>.
/// Any one slot opens the repository; the ring inside may be older than the latest seal epoch: follow <see cref="KeyRotation"/>.
/// Unchanging; safe for calls side by side.
/// </remarks>
public sealed class KeySlot
{
    /// <summary>The largest slot, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    private readonly byte[] stored;
    private readonly string name;
    private readonly KeySlotFields fields;

    private KeySlot(byte[] stored, string name, KeySlotFields fields)
    {
        this.stored = stored;
        this.name = name;
        this.fields = fields;
    }

    /// <summary>What opens it.</summary>
    public KeySlotKind Kind => fields.Kind;

    /// <summary>The tenant.</summary>
    public Guid TenantId => fields.TenantId;

    /// <summary>The repository.</summary>
    public Guid RepositoryId => fields.RepositoryId;

    /// <summary>What people call the slot: at most 200 bytes of UTF-8, without control characters.</summary>
    public string Label => fields.Label;

    /// <summary>When it was made, in microseconds, UTC; for people only.</summary>
    public DateTimeOffset CreatedAt => fields.CreatedAt;

    /// <summary>The public key of an escrow slot; null for other kinds.</summary>
    public EscrowPublicKey? Recipient => Kind == KeySlotKind.Escrow ? new(LockFields[EscrowPoint.Size..]) : null;

    private ReadOnlySpan<byte> LockFields => stored.AsSpan(fields.LockFields);

    /// <summary>A new slot's bytes.</summary>
    /// <param name="ring">The ring to wrap.</param>
    /// <param name="with">What will open it.</param>
    /// <param name="label">What people call it: at most 200 bytes of UTF-8, without control characters.</param>
    /// <param name="createdAt">Now; cut to microseconds.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public static byte[] Create(KeyRing ring, ISlotLock with, string label, DateTimeOffset createdAt)
    {
        Span<byte> salt = stackalloc byte[KeyDerivation.SaltSize];
        RandomNumberGenerator.Fill(salt);
        return KeySlotBytes.Write(ring, with, label, createdAt, salt);
    }

    /// <summary>The blob name of a slot: <c>keys/</c> and the SHA-256 of its bytes.</summary>
    public static string NameOf(ReadOnlySpan<byte> stored) => "keys/" + Convert.ToHexStringLower(SHA256.HashData(stored));

    /// <summary>Reads what stands in clear.</summary>
    /// <param name="stored">The slot's bytes; copied.</param>
    /// <param name="repositoryId">The repository that it was found in.</param>
    /// <param name="name">The slot's name, for errors.</param>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>, <see cref="Fault.NewerFormat"/>, <see cref="Fault.ForeignRepository"/></exception>
    public static KeySlot Parse(ReadOnlySpan<byte> stored, Guid repositoryId, string name)
    {
        var read = KeySlotBytes.Read(stored, name);
        if (read.RepositoryId != repositoryId)
            throw new EngineException(Fault.ForeignRepository, name, $"is a key slot of the repository {read.RepositoryId}");
        return new(stored.ToArray(), name, read);
    }

    /// <summary>Reads a slot and opens it: <see cref="Parse"/>, then <see cref="Open(KeySource)"/>.</summary>
    public static KeyRing Open(ReadOnlySpan<byte> stored, Guid repositoryId, KeySource source, string name) => Parse(stored, repositoryId, name).Open(source);

    /// <summary>The key ring.</summary>
    /// <exception cref="EngineException"><see cref="Fault.WrongKey"/>: another kind of key, or not this slot's. <see cref="Fault.Corrupt"/>.</exception>
    public KeyRing Open(KeySource source)
    {
        if (source.Kind != Kind) throw new EngineException(Fault.WrongKey, name, $"opens with a key of the kind {Kind}, not {source.Kind}");
        using var key = source.KeyFor(stored.AsSpan(fields.Salt), LockFields, name);
        var ring = KeySlotBytes.Unwrap(stored, fields, key.Span, name);
        try
        {
            if (ring.RepositoryId != RepositoryId || ring.TenantId != TenantId)
                throw new EngineException(Fault.Corrupt, name, "wraps the key ring of another repository");
            Check(ring);
        }
        catch (EngineException)
        {
            ring.Dispose();
            throw;
        }

        return ring;
    }

    /// <summary>Returns when the slot was made by a holder of this repository's ring and has not changed since. Needs no key of the slot:
    /// so an escrow slot is scrubbed while its private key stays offline, and a planted slot is recognised before it is trusted.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/></exception>
    public void Check(KeyRing ring) => KeySlotBytes.CheckTag(stored, fields, ring, name);
}
