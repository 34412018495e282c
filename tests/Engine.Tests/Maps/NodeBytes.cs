using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Tests.Maps;

internal static class NodeBytes
{
    public static byte[] Encode(MapNode node) => node switch
    {
        LeafNode leaf => LeafFormat.Encode(leaf.Chunks, leaf.Runs),
        InnerNode inner => InnerFormat.Encode(inner.Level, inner.Children),
        _ => throw new ArgumentOutOfRangeException(nameof(node)),
    };
}
