namespace HyperBdr.Engine.Codec;

/// <summary>Keyed HMAC-SHA-256 of a chunk's or map node's plain bytes; <c>default</c> stands for "no chunk": a hole.</summary>
public readonly record struct ChunkId(Hash256 Value) : IComparable<ChunkId>
{
    /// <summary>True for "no chunk".</summary>
    public bool IsHole => Value.IsNone;

    /// <inheritdoc/>
    public int CompareTo(ChunkId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}

/// <summary>SHA-256 of a pack's stored bytes, which is also its name.</summary>
public readonly record struct PackId(Hash256 Value) : IComparable<PackId>
{
    /// <inheritdoc/>
    public int CompareTo(PackId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
