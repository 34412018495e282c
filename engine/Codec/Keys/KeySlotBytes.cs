using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>Where the parts of a slot are, and what it says in clear.</summary>
internal sealed record KeySlotFields(
    KeySlotKind Kind, Guid TenantId, Guid RepositoryId, string Label, DateTimeOffset CreatedAt,
    Range Salt, Range LockFields, Range Wrapped);

/// <summary>The bytes of a key slot.</summary>
internal static class KeySlotBytes
{
    public const ushort Version = 1;
    private const int MaxLabel = 200;
    private const int HashSize = SHA256.HashSizeInBytes;
    private const int TagSize = 16;
    private const int NonceSize = 12;

    private static ReadOnlySpan<byte> Magic => "HBKS"u8;

    public static byte[] Write(KeyRing ring, ISlotLock with, string label, DateTimeOffset createdAt, ReadOnlySpan<byte> salt)
    {
        CheckLabel(label);
        using var plain = KeyRingBytes.Write(ring);
        using var locked = with.Lock(salt);
        var labelLength = Encoding.UTF8.GetByteCount(label);
        var headerLength = 4 + 2 + 1 + 1 + 16 + 16 + 8 + KeyDerivation.SaltSize + 1 + labelLength + locked.Fields.Length + 4;

        var slot = new byte[headerLength + plain.Length + TagSize + HashSize + HashSize];
        var writer = new FieldWriter(slot);
        writer.Bytes(Magic);
        writer.U16(Version);
        writer.U8((byte)with.Kind);
        writer.Zeros(1);
        writer.Id(ring.TenantId);
        writer.Id(ring.RepositoryId);
        writer.Time(Fields.Stored(createdAt));
        writer.Bytes(salt);
        writer.U8((byte)labelLength);
        Encoding.UTF8.GetBytes(label, writer.Take(labelLength));
        writer.Bytes(locked.Fields);
        writer.U32((uint)(plain.Length + TagSize));

        var header = writer.Written;
        using var key = WrappingKey(locked.Key.Span, salt, with.Kind, ring.TenantId, ring.RepositoryId);
        using var aes = new AesGcm(key.Span, TagSize);
        aes.Encrypt(new byte[NonceSize], plain.Span, writer.Take(plain.Length), writer.Take(TagSize), header);
        HMACSHA256.HashData(ring.SlotKey, writer.Written, writer.Take(HashSize));
        SHA256.HashData(writer.Written, writer.Take(HashSize));
        return slot;
    }

    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>, <see cref="Fault.NewerFormat"/></exception>
    public static KeySlotFields Read(ReadOnlySpan<byte> stored, string name)
    {
        var reader = new FieldReader(stored, name);
        if (stored.Length > KeySlot.MaxBytes) throw reader.Corrupt($"has {stored.Length} bytes; a slot has at most {KeySlot.MaxBytes}");
        reader.Begin(Magic, Version);
        // Before anything else is believed: with a whole slot, a wrapping that does not open means a wrong key and nothing else.
        if (reader.Remaining < HashSize || !SHA256.HashData(stored[..^HashSize]).AsSpan().SequenceEqual(stored[^HashSize..]))
            throw reader.Corrupt("does not fit its checksum");

        var kind = (KeySlotKind)reader.U8();
        var lockLength = LockLength(kind, name);
        reader.Zeros(1);
        var tenant = reader.Id();
        var repository = reader.Id();
        var createdAt = reader.Time();
        var salt = Next(ref reader, KeyDerivation.SaltSize);
        var label = ReadLabel(ref reader);
        var lockFields = Next(ref reader, lockLength);
        var wrappedLength = reader.U32();
        if (wrappedLength is < TagSize or > KeyRingBytes.MaxLength + TagSize) throw reader.Corrupt($"wraps {wrappedLength} bytes");
        var wrapped = Next(ref reader, (int)wrappedLength);
        Next(ref reader, HashSize);
        Next(ref reader, HashSize);
        reader.End();
        return new(kind, tenant, repository, label, createdAt, salt, lockFields, wrapped);
    }

    public static KeyRing Unwrap(ReadOnlySpan<byte> stored, KeySlotFields fields, ReadOnlySpan<byte> keyEncryptionKey, string name)
    {
        var header = stored[..fields.Wrapped.Start.Value];
        var wrapped = stored[fields.Wrapped];
        using var key = WrappingKey(keyEncryptionKey, stored[fields.Salt], fields.Kind, fields.TenantId, fields.RepositoryId);
        using var aes = new AesGcm(key.Span, TagSize);
        using var plain = new SecretBytes(wrapped.Length - TagSize);
        try
        {
            aes.Decrypt(new byte[NonceSize], wrapped[..^TagSize], wrapped[^TagSize..], plain.Span, header);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new EngineException(Fault.WrongKey, name, "does not open with this key");
        }

        return KeyRingBytes.Read(plain.Span);
    }

    public static void CheckTag(ReadOnlySpan<byte> stored, KeySlotFields fields, KeyRing ring, string name)
    {
        var end = fields.Wrapped.End.Value;
        Span<byte> tag = stackalloc byte[HashSize];
        HMACSHA256.HashData(ring.SlotKey, stored[..end], tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, stored.Slice(end, HashSize)))
            throw new EngineException(Fault.Corrupt, name, "was not made by a holder of this repository's key ring");
    }

    // One key per slot, because the salt is random: so the nonce may be zero.
    private static SecretBytes WrappingKey(ReadOnlySpan<byte> keyEncryptionKey, ReadOnlySpan<byte> salt, KeySlotKind kind, Guid tenant, Guid repository)
    {
        var key = new SecretBytes(KeyDerivation.KeySize);
        KeyDerivation.Derive(keyEncryptionKey, salt, KeyDerivation.Info("slot", tenant, repository, (byte)kind), key.Span);
        return key;
    }

    private static int LockLength(KeySlotKind kind, string name) => kind switch
    {
        KeySlotKind.Raw => 0,
        KeySlotKind.Passphrase => PassphraseCost.Size,
        KeySlotKind.Escrow => 2 * EscrowPoint.Size,
        _ => throw new EngineException(Fault.NewerFormat, name, $"is a slot of the kind {(byte)kind}, which this program does not know"),
    };

    private static Range Next(ref FieldReader reader, int count)
    {
        var start = reader.Position;
        reader.Bytes(count);
        return start..reader.Position;
    }

    private static string ReadLabel(ref FieldReader reader)
    {
        var bytes = reader.Bytes(reader.U8());
        if (bytes.Length > MaxLabel || !System.Text.Unicode.Utf8.IsValid(bytes)) throw reader.Corrupt("its label is no text of at most 200 bytes");
        var label = Encoding.UTF8.GetString(bytes);
        return label.Any(char.IsControl) ? throw reader.Corrupt("its label holds a control character") : label;
    }

    private static void CheckLabel(string label)
    {
        if (Encoding.UTF8.GetByteCount(label) > MaxLabel || label.Any(char.IsControl))
            throw new EngineException(Fault.InvalidArgument, "label", $"needs at most {MaxLabel} bytes without control characters");
    }
}
