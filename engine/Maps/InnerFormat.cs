using System.Buffers.Binary;
using System.Numerics;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>The bytes of an inner node: a bitmap of the children that there are, then their ids.</summary>
internal static class InnerFormat
{
    private const int BitmapSize = MapLimits.FanOut / 8;

    /// <summary>Encodes <see cref="MapLimits.FanOut"/> children of which at least one is no hole.</summary>
    public static byte[] Encode(int level, ReadOnlySpan<ChunkId> children)
    {
        var present = 0;
        foreach (var child in children) present += child.IsHole ? 0 : 1;
        var bytes = new byte[NodeFormat.HeaderSize + BitmapSize + (present * Hash256.Size)];
        NodeFormat.WriteHeader(bytes, level);
        var bitmap = bytes.AsSpan(NodeFormat.HeaderSize, BitmapSize);
        var ids = bytes.AsSpan(NodeFormat.HeaderSize + BitmapSize);
        for (var slot = 0; slot < children.Length; slot++)
        {
            if (children[slot].IsHole) continue;
            bitmap[slot / 8] |= (byte)(1 << (slot % 8));
            children[slot].Value.CopyTo(ids);
            ids = ids[Hash256.Size..];
        }

        return bytes;
    }

    public static InnerNode Decode(ChunkId id, int level, ReadOnlySpan<byte> body)
    {
        if (body.Length < BitmapSize) throw NodeFormat.Corrupt(id, $"an inner node's body of {body.Length} bytes");
        var bitmap = body[..BitmapSize];
        var ids = body[BitmapSize..];
        var present = BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(bitmap))
            + BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(bitmap[8..]));
        if (present == 0 || ids.Length != present * Hash256.Size) throw NodeFormat.Corrupt(id, $"{present} children in {ids.Length} bytes");

        var children = new ChunkId[MapLimits.FanOut];
        for (var slot = 0; slot < children.Length; slot++)
        {
            if ((bitmap[slot / 8] & (1 << (slot % 8))) == 0) continue;
            children[slot] = new ChunkId(new Hash256(ids[..Hash256.Size]));
            if (children[slot].IsHole) throw NodeFormat.Corrupt(id, $"child {slot} is present and a hole");
            ids = ids[Hash256.Size..];
        }

        return new InnerNode(level, children);
    }
}
