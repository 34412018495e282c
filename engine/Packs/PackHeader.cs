using System.Buffers.Binary;

namespace HyperBdr.Engine.Packs;

/// <summary>The first 64 bytes of a pack (docs/formats/packs.md).</summary>
internal readonly record struct PackHeader(PackKind Kind, uint Epoch, Guid RepositoryId, ReadOnlyMemory<byte> Salt)
{
    public const ushort Version = 1;
    public const int SaltSize = 32;
    private static ReadOnlySpan<byte> Magic => "HBDRPACK"u8;

    public void Write(Span<byte> into)
    {
        Magic.CopyTo(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[8..], Version);
        into[10] = (byte)Kind;
        into[11] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], Epoch);
        RepositoryId.TryWriteBytes(into[16..], bigEndian: true, out _);
        Salt.Span.CopyTo(into[32..]);
    }

    public static PackHeader Parse(ReadOnlySpan<byte> head, string pack)
    {
        if (head.Length < PackLayout.HeaderSize || !head[..8].SequenceEqual(Magic)) throw new EngineException(Fault.Corrupt, pack, "is no pack");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(head[8..]);
        if (version > Version) throw new EngineException(Fault.NewerFormat, pack, $"has pack format {version}; this program knows {Version}");
        if (version != Version || head[10] > (byte)PackKind.Map || head[11] != 0) throw new EngineException(Fault.Corrupt, pack, "has a damaged header");
        return new PackHeader((PackKind)head[10], BinaryPrimitives.ReadUInt32LittleEndian(head[12..]), new Guid(head[16..32], bigEndian: true), head[32..64].ToArray());
    }
}
