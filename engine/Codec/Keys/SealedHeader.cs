namespace HyperBdr.Engine.Codec.Keys;

/// <summary>The 64 clear bytes in front of a sealed object.</summary>
internal sealed record SealedHeader(SealedPurpose Purpose, bool IsCompressed, uint Epoch, Guid RepositoryId, int PlainLength)
{
    public const int Size = 64;
    public const ushort Version = 1;
    private const int TagSize = SealedObject.Overhead - Size;
    private const byte CompressedFlag = 1;

    private static ReadOnlySpan<byte> Magic => "HBSO"u8;

    /// <summary>The object's 32 random bytes.</summary>
    public static ReadOnlySpan<byte> Salt(ReadOnlySpan<byte> stored) => stored[(Size - KeyRing.SaltSize)..Size];

    public void Write(Span<byte> into, ReadOnlySpan<byte> salt)
    {
        var writer = new FieldWriter(into);
        writer.Bytes(Magic);
        writer.U16(Version);
        writer.U8((byte)Purpose);
        writer.U8(IsCompressed ? CompressedFlag : (byte)0);
        writer.U32(Epoch);
        writer.Id(RepositoryId);
        writer.U32((uint)PlainLength);
        writer.Bytes(salt);
    }

    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>, <see cref="Fault.ForeignRepository"/>, <see cref="Fault.NewerFormat"/></exception>
    public static SealedHeader Read(ReadOnlySpan<byte> stored, KeyRing ring, SealedPurpose purpose, int maxPlainLength, string name)
    {
        var reader = new FieldReader(stored, name);
        reader.Begin(Magic, Version);
        var found = reader.U8();
        var flags = reader.U8();
        var epoch = reader.U32();
        var repository = reader.Id();
        var plainLength = reader.U32();

        if (repository != ring.RepositoryId) throw new EngineException(Fault.ForeignRepository, name, $"is an object of the repository {repository}");
        if ((flags & ~CompressedFlag) != 0) throw new EngineException(Fault.NewerFormat, name, $"has the flags 0x{flags:x2}, which this program does not know");
        if (found != (byte)purpose) throw reader.Corrupt($"has the purpose {found}, not {(byte)purpose}");
        var innerLength = stored.Length - Size - TagSize;
        if (innerLength < 0) throw reader.Corrupt($"has {stored.Length} bytes, fewer than a header and a tag");
        if (plainLength > (uint)Math.Min(maxPlainLength, SealedObject.MaxPlainLength)) throw reader.Corrupt($"holds {plainLength} bytes; {maxPlainLength} at most are taken");

        var isCompressed = (flags & CompressedFlag) != 0;
        if (isCompressed ? innerLength >= plainLength : innerLength != plainLength) throw reader.Corrupt($"{innerLength} sealed bytes cannot hold {plainLength}");
        return new(purpose, isCompressed, epoch, repository, (int)plainLength);
    }
}

/// <summary>The names of purposes in key derivation.</summary>
internal static class SealedPurposeNames
{
    public static string KeyName(this SealedPurpose purpose) => purpose switch
    {
        SealedPurpose.Manifest => "manifest",
        SealedPurpose.Index => "index",
        SealedPurpose.Epoch => "epoch",
        SealedPurpose.Keyring => "keyring",
        SealedPurpose.Config => "config",
        _ => throw new ArgumentOutOfRangeException(nameof(purpose), purpose, null),
    };
}
