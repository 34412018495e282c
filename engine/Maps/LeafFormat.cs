using System.Buffers.Binary;
using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Maps;

/// <summary>The bytes of a leaf: a table of its chunks, then its runs as small numbers.</summary>
internal static class LeafFormat
{
    private const int TableCountSize = 2;

    /// <summary>Encodes a leaf with at least one chunk.</summary>
    /// <param name="chunks">Distinct, in the order of first use.</param>
    /// <param name="runs">Canonical, covering the leaf.</param>
    public static byte[] Encode(ReadOnlySpan<ChunkId> chunks, ReadOnlySpan<LeafRun> runs)
    {
        var bytes = new byte[NodeFormat.HeaderSize + TableCountSize + (chunks.Length * Hash256.Size) + RunsSize(runs)];
        NodeFormat.WriteHeader(bytes, level: 0);
        var rest = bytes.AsSpan(NodeFormat.HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)chunks.Length);
        rest = rest[TableCountSize..];
        foreach (var chunk in chunks)
        {
            chunk.Value.CopyTo(rest);
            rest = rest[Hash256.Size..];
        }

        foreach (var run in runs)
        {
            WriteNumber(ref rest, run.Count);
            WriteNumber(ref rest, run.Reference);
            if (run.Reference != 0) WriteNumber(ref rest, run.ChunkBlock);
        }

        return bytes;
    }

    public static LeafNode Decode(ChunkId id, ReadOnlySpan<byte> body)
    {
        var chunks = DecodeTable(id, ref body);
        var runs = new List<LeafRun>(Math.Min(body.Length / 2, MapLimits.LeafBlocks));
        var used = 0;
        for (var block = 0; block < MapLimits.LeafBlocks; block = runs[^1].End)
        {
            var run = DecodeRun(id, ref body, block);
            CheckRun(id, run, runs.Count == 0 ? default : runs[^1], used, chunks.Length);
            used = Math.Max(used, run.Reference);
            runs.Add(run);
        }

        if (used != chunks.Length) throw NodeFormat.Corrupt(id, $"{chunks.Length} chunks in the table, {used} in use");
        if (!body.IsEmpty) throw NodeFormat.Corrupt(id, $"{body.Length} bytes after the last run");
        return new LeafNode(chunks, [.. runs]);
    }

    private static ChunkId[] DecodeTable(ChunkId id, ref ReadOnlySpan<byte> body)
    {
        if (body.Length < TableCountSize) throw NodeFormat.Corrupt(id, "no table of chunks");
        int count = BinaryPrimitives.ReadUInt16LittleEndian(body);
        body = body[TableCountSize..];
        // A leaf without a chunk is a hole, and a hole has no node.
        if (count is 0 or > MapLimits.LeafBlocks || count * Hash256.Size > body.Length)
            throw NodeFormat.Corrupt(id, $"{count} chunks in {body.Length} bytes");

        var chunks = new ChunkId[count];
        var distinct = new HashSet<ChunkId>(count);
        for (var i = 0; i < count; i++)
        {
            chunks[i] = new ChunkId(new Hash256(body[..Hash256.Size]));
            if (chunks[i].IsHole || !distinct.Add(chunks[i])) throw NodeFormat.Corrupt(id, $"chunk {i} of the table is none or repeated");
            body = body[Hash256.Size..];
        }

        return chunks;
    }

    private static LeafRun DecodeRun(ChunkId id, ref ReadOnlySpan<byte> body, int block)
    {
        var count = ReadNumber(id, ref body);
        if (count < 1 || count > MapLimits.LeafBlocks - block) throw NodeFormat.Corrupt(id, $"a run of {count} blocks at block {block}");
        var reference = ReadNumber(id, ref body);
        var chunkBlock = reference == 0 ? 0 : ReadNumber(id, ref body);
        if (reference != 0 && chunkBlock + count > MapLimits.MaxChunkBlocks)
            throw NodeFormat.Corrupt(id, $"{count} blocks from block {chunkBlock} of a chunk");
        return new LeafRun((ushort)block, (ushort)count, (ushort)reference, (byte)chunkBlock);
    }

    /// <summary>References appear in the table's order, and a run never merely continues the one before.</summary>
    private static void CheckRun(ChunkId id, LeafRun run, LeafRun before, int used, int chunks)
    {
        if (run.Reference > Math.Min(used + 1, chunks)) throw NodeFormat.Corrupt(id, $"chunk {run.Reference} used after {used} of {chunks}");
        if (before.Count != 0 && run.Reference == before.Reference && (run.Reference == 0 || run.ChunkBlock == before.ChunkBlock + before.Count))
            throw NodeFormat.Corrupt(id, $"the run at block {run.Start} continues the one before");
    }

    private static int RunsSize(ReadOnlySpan<LeafRun> runs)
    {
        var size = 0;
        foreach (var run in runs) size += NumberSize(run.Count) + NumberSize(run.Reference) + (run.Reference != 0 ? 1 : 0);
        return size;
    }

    private static int NumberSize(int number) => number < 0x80 ? 1 : 2;

    /// <summary>LEB128 of at most two bytes: no number in a leaf is above 2048.</summary>
    private static void WriteNumber(ref Span<byte> rest, int number)
    {
        var size = NumberSize(number);
        rest[0] = (byte)(size == 1 ? number : number & 0x7F | 0x80);
        if (size == 2) rest[1] = (byte)(number >> 7);
        rest = rest[size..];
    }

    private static int ReadNumber(ChunkId id, ref ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) throw NodeFormat.Corrupt(id, "ends inside of a run");
        int number = body[0];
        if (number < 0x80)
        {
            body = body[1..];
            return number;
        }

        // A second byte of 0 would be the longer form of a number that fits one byte.
        if (body.Length < 2 || body[1] is 0 or >= 0x80) throw NodeFormat.Corrupt(id, "a number in no canonical form");
        number = number & 0x7F | body[1] << 7;
        body = body[2..];
        return number;
    }
}
