using System.Buffers.Binary;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>The header that every node begins with, and the way from a node's bytes to its content (docs/formats/block-map.md).</summary>
internal static class NodeFormat
{
    public const int HeaderSize = 8;
    public const ushort Version = 1;

    private static ReadOnlySpan<byte> LeafMagic => "HBML"u8;
    private static ReadOnlySpan<byte> InnerMagic => "HBMI"u8;

    public static void WriteHeader(Span<byte> into, int level)
    {
        (level == 0 ? LeafMagic : InnerMagic).CopyTo(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[4..], Version);
        into[6] = (byte)level;
        into[7] = 0;
    }

    /// <summary>Decodes a node; only the canonical encoding of a node is accepted.</summary>
    /// <exception cref="EngineException"><see cref="Fault.NewerFormat"/>, <see cref="Fault.Corrupt"/></exception>
    public static MapNode Decode(ChunkId id, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is < HeaderSize or > MapLimits.MaxNodeBytes) throw Corrupt(id, $"a node of {bytes.Length} bytes");
        var isLeaf = bytes.StartsWith(LeafMagic);
        if (!isLeaf && !bytes.StartsWith(InnerMagic)) throw Corrupt(id, "no node of a block map");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        if (version > Version) throw new EngineException(Fault.NewerFormat, Subject(id), $"format {version}, this program knows {Version}");
        if (version == 0 || bytes[7] != 0) throw Corrupt(id, $"version {version}, flags {bytes[7]}");
        int level = bytes[6];
        if (isLeaf ? level != 0 : level is 0 or > MapLimits.MaxLevel) throw Corrupt(id, $"level {level}");
        return isLeaf ? LeafFormat.Decode(id, bytes[HeaderSize..]) : InnerFormat.Decode(id, level, bytes[HeaderSize..]);
    }

    /// <summary>Loads and decodes a node that must be of this level.</summary>
    public static async ValueTask<MapNode> LoadAsync(INodeStore nodes, ChunkId id, int level, CancellationToken ct) =>
        Require(id, level, Decode(id, (await nodes.LoadAsync(id, ct)).Span));

    /// <summary>Refuses a node that is not of the level that its place in the tree calls for.</summary>
    public static MapNode Require(ChunkId id, int level, MapNode node) =>
        node.Level == level ? node : throw Corrupt(id, $"a node of level {node.Level} in the place of level {level}");

    public static EngineException Corrupt(ChunkId id, string what) => new(Fault.Corrupt, Subject(id), what);

    private static string Subject(ChunkId id) => $"map node {id}";
}
