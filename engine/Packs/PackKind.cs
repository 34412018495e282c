namespace HyperBdr.Engine.Packs;

/// <summary>What a pack holds; the numbers are part of the format.</summary>
public enum PackKind : byte
{
    /// <summary>Chunks of disks.</summary>
    Data = 0,
    /// <summary>Nodes of block maps: small, read often, kept apart so that opening a point touches few objects.</summary>
    Map = 1,
}
