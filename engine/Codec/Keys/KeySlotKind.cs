namespace HyperBdr.Engine.Codec.Keys;

/// <summary>What opens a key slot; the numbers are part of the format.</summary>
public enum KeySlotKind : byte
{
    /// <summary>A key-encryption key of 32 bytes: a key file, or a tenant's key.</summary>
    Raw = 1,
    /// <summary>A passphrase, stretched with Argon2id.</summary>
    Passphrase = 2,
    /// <summary>The private half of an offline P-384 key pair.</summary>
    Escrow = 3,
}
