using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>A key ring as plain bytes, for wrapping only: they are the secrets themselves.</summary>
internal static class KeyRingBytes
{
    public const ushort Version = 1;
    public const int MaxLength = FixedLength + (KeyRing.MaxEpochs * EpochLength);
    private const string Subject = "key ring";
    private const int EpochLength = 4 + 8 + KeyRing.KeySize;
    private const int FixedLength = 4 + 2 + 2 + 16 + 16 + KeyRing.KeySize + SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> Magic => "HBKR"u8;

    public static SecretBytes Write(KeyRing ring)
    {
        var epochs = ring.EpochSecrets;
        var bytes = new SecretBytes(FixedLength + (epochs.Length * EpochLength));
        var writer = new FieldWriter(bytes.Span);
        writer.Bytes(Magic);
        writer.U16(Version);
        writer.U16((ushort)epochs.Length);
        writer.Id(ring.TenantId);
        writer.Id(ring.RepositoryId);
        writer.Bytes(ring.Identity);
        foreach (var epoch in epochs)
        {
            writer.U32(epoch.Number);
            writer.Time(epoch.CreatedAt);
            writer.Bytes(epoch.Secret.Span);
        }

        SHA256.HashData(writer.Written, writer.Take(SHA256.HashSizeInBytes));
        return bytes;
    }

    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>, <see cref="Fault.NewerFormat"/></exception>
    public static KeyRing Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new FieldReader(bytes, Subject);
        reader.Begin(Magic, Version);
        var count = reader.U16();
        if (count is 0 or > KeyRing.MaxEpochs || bytes.Length != FixedLength + (count * EpochLength))
            throw reader.Corrupt($"{bytes.Length} bytes do not hold {count} epochs");
        CheckSum(bytes, reader);

        var tenant = reader.Id();
        var repository = reader.Id();
        if (tenant == Guid.Empty || repository == Guid.Empty) throw reader.Corrupt("has an empty id");
        var identity = reader.Bytes(KeyRing.KeySize);
        var epochs = new EpochSecret[count];
        for (var i = 0; i < epochs.Length; i++)
        {
            var number = reader.U32();
            if (number == 0 || (i > 0 && number != (ulong)epochs[i - 1].Number + 1)) throw reader.Corrupt($"epoch {number} is out of order");
            epochs[i] = new(number, reader.Time(), SecretBytes.CopyOf(reader.Bytes(KeyRing.KeySize)));
        }

        return new(tenant, repository, SecretBytes.CopyOf(identity), epochs);
    }

    // Finds accidents only; that nobody wrote another ring is the wrapping's tag.
    private static void CheckSum(ReadOnlySpan<byte> bytes, FieldReader reader)
    {
        Span<byte> sum = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..^SHA256.HashSizeInBytes], sum);
        if (!bytes[^SHA256.HashSizeInBytes..].SequenceEqual(sum)) throw reader.Corrupt("does not fit its checksum");
    }
}
