using System.Buffers;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Points;

/// <summary>Turns pieces of a block map into the disk's bytes. Safe for calls side by side.</summary>
internal sealed class PointReader(PackFetcher fetcher)
{
    /// <summary>Fills <paramref name="into"/> with the blocks of extents that adjoin each other.</summary>
    public async Task ReadAsync(IReadOnlyList<MapExtent> extents, Memory<byte> into, CancellationToken ct)
    {
        var reads = new List<BlobRead>(extents.Count);
        List<byte[]> buffers = [];
        List<Piece>? pieces = null;
        Dictionary<ChunkId, Memory<byte>>? partial = null;
        var first = extents[0].Block;
        try
        {
            foreach (var extent in extents)
            {
                var part = into.Slice((int)(extent.Block - first) * Block.Size, extent.Count * Block.Size);
                if (extent.IsHole)
                {
                    part.Span.Clear();
                    continue;
                }

                if (partial is null || !partial.TryGetValue(extent.Chunk, out var plain))
                {
                    var at = fetcher.Locate(extent.Chunk);
                    CheckInside(extent, at.PlainLength);
                    if (at.PlainLength == part.Length)
                    {
                        reads.Add(new BlobRead(extent.Chunk, at, part));
                        continue;
                    }

                    var rented = ArrayPool<byte>.Shared.Rent((int)at.PlainLength);
                    buffers.Add(rented);
                    plain = rented.AsMemory(0, (int)at.PlainLength);
                    (partial ??= [])[extent.Chunk] = plain;
                    reads.Add(new BlobRead(extent.Chunk, at, plain));
                }

                CheckInside(extent, (uint)plain.Length);
                (pieces ??= []).Add(new Piece(plain[(extent.ChunkBlock * Block.Size)..], part));
            }

            await fetcher.ReadAsync(PackKind.Data, reads, ct);
            foreach (var piece in pieces ?? []) piece.Plain[..piece.Into.Length].CopyTo(piece.Into);
        }
        finally
        {
            foreach (var buffer in buffers) ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void CheckInside(MapExtent extent, uint chunkBytes)
    {
        if ((long)(extent.ChunkBlock + extent.Count) * Block.Size > chunkBytes)
        {
            throw new EngineException(Fault.Corrupt, $"block map at block {extent.Block}", $"points beyond the end of chunk {extent.Chunk}");
        }
    }

    private readonly record struct Piece(Memory<byte> Plain, Memory<byte> Into);
}
