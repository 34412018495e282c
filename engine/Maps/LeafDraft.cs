using System.Runtime.InteropServices;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>The leaf that a builder is filling, kept in canonical form. Not thread-safe.</summary>
internal sealed class LeafDraft
{
    private readonly Dictionary<ChunkId, ushort> references = [];
    private readonly List<ChunkId> chunks = [];
    private readonly List<LeafRun> runs = [];

    /// <summary>Blocks that are filled.</summary>
    public int Count { get; private set; }

    /// <summary>Appends a run that fits into what is left.</summary>
    public void Append(int count, ChunkId chunk, int chunkBlock)
    {
        var reference = ReferenceTo(chunk);
        var last = runs.Count == 0 ? default : runs[^1];
        if (last.Count != 0 && last.Reference == reference && (reference == 0 || last.ChunkBlock + last.Count == chunkBlock))
            runs[^1] = last with { Count = (ushort)(last.Count + count) };
        else
            runs.Add(new LeafRun((ushort)Count, (ushort)count, reference, (byte)chunkBlock));
        Count += count;
    }

    /// <summary>The bytes of the full leaf, or null when it is a hole; the draft is empty afterwards.</summary>
    public byte[]? Take()
    {
        var bytes = chunks.Count == 0 ? null : LeafFormat.Encode(CollectionsMarshal.AsSpan(chunks), CollectionsMarshal.AsSpan(runs));
        references.Clear();
        chunks.Clear();
        runs.Clear();
        Count = 0;
        return bytes;
    }

    private ushort ReferenceTo(ChunkId chunk)
    {
        if (chunk.IsHole) return 0;
        if (references.TryGetValue(chunk, out var reference)) return reference;
        chunks.Add(chunk);
        references.Add(chunk, (ushort)chunks.Count);
        return (ushort)chunks.Count;
    }
}
