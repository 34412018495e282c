namespace HyperBdr.Engine.Codec.Keys;

/// <summary>What a person or a service holds to open a key slot: <see cref="RawKey"/>, <see cref="Passphrase"/> or <see cref="EscrowPrivateKey"/>.</summary>
/// <remarks>A closed family. Disposing zeroes its memory; prints <c>***</c>.</remarks>
public abstract class KeySource : IDisposable
{
    private protected KeySource()
    {
    }

    /// <summary>The kind of slot that this opens.</summary>
    public abstract KeySlotKind Kind { get; }

    /// <summary>The key-encryption key of a slot of this kind.</summary>
    /// <param name="salt">The slot's 32 random bytes.</param>
    /// <param name="lockFields">The fields of this kind in the slot's header.</param>
    /// <param name="name">The slot's name, for errors.</param>
    internal abstract SecretBytes KeyFor(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> lockFields, string name);

    /// <summary>Never a secret.</summary>
    public sealed override string ToString() => "***";

    /// <summary>Zeroes the secret.</summary>
    public void Dispose()
    {
        Zero();
        GC.SuppressFinalize(this);
    }

    private protected abstract void Zero();
}

/// <summary>What a new key slot is locked with: <see cref="RawKey"/>, <see cref="Passphrase"/> or <see cref="EscrowPublicKey"/>.</summary>
public interface ISlotLock
{
    /// <summary>The kind of slot that this makes.</summary>
    KeySlotKind Kind { get; }

    /// <summary>The fields of this kind for the header of a new slot, and its key-encryption key.</summary>
    internal SlotLock Lock(ReadOnlySpan<byte> salt);
}

/// <summary>What a lock gives to a new slot.</summary>
internal sealed class SlotLock(byte[] fields, SecretBytes key) : IDisposable
{
    public byte[] Fields { get; } = fields;

    public SecretBytes Key { get; } = key;

    public void Dispose() => Key.Dispose();
}
