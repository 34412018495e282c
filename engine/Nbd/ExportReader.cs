using System.Buffers;
using System.Buffers.Binary;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>Answers reads and questions about extents: holes as holes, data in pieces of bounded size.</summary>
internal sealed class ExportReader(NbdExport export, ReplyWriter replies)
{
    /// <summary>The most data of one chunk, and so of one buffer, where the reply may be cut.</summary>
    public const int Piece = 1024 * 1024;

    /// <summary>Descriptors of one answer; a client asks again for the rest.</summary>
    private const int MaxDescriptors = 2048;

    /// <summary>Below this, reading costs less than asking what is a hole.</summary>
    private const int AskFrom = 64 * 1024;

    /// <summary>The bytes of memory that answering takes.</summary>
    public static int Cost(NbdRequest request, bool structured) =>
        structured && !request.Has(NbdCommandFlags.DontFragment) ? (int)Math.Min(request.Length, Piece) : (int)request.Length;

    public async ValueTask ReadAsync(NbdRequest request, CancellationToken ct)
    {
        if (!replies.IsStructured || request.Has(NbdCommandFlags.DontFragment) || request.Length < AskFrom)
        {
            await PieceAsync(request, request.Range, true, replies.IsStructured, ct);
            return;
        }

        var at = request.Range.Offset;
        await foreach (var extent in export.Source.ExtentsAsync(ExportWriter.Cover(export, at, request.Length), ct))
        {
            var end = Math.Min(extent.End, request.Range.End);
            if (end <= at) continue;
            if (extent.Offset > at) break;
            at = await ExtentAsync(request, new(at, end - at), extent.IsData, ct);
            if (at == request.Range.End) return;
        }

        // A source that left a part out: what it said nothing about is read.
        if (at < request.Range.End) await ExtentAsync(request, new(at, request.Range.End - at), true, ct);
    }

    public async ValueTask StatusAsync(NbdRequest request, CancellationToken ct)
    {
        var most = request.Has(NbdCommandFlags.ReqOne) ? 1 : MaxDescriptors;
        var found = new List<(uint Length, bool IsData)>();
        var (at, limit) = (request.Range.Offset, request.Range.End);
        await foreach (var extent in export.Source.ExtentsAsync(ExportWriter.Cover(export, at, request.Length), ct))
        {
            var end = Math.Min(extent.End, limit);
            if (end <= at) continue;
            if (extent.Offset > at) break;
            if (found.Count > 0 && found[^1].IsData == extent.IsData) found[^1] = ((uint)(found[^1].Length + end - at), extent.IsData);
            else if (found.Count == most) break;
            else found.Add(((uint)(end - at), extent.IsData));
            at = end;
        }

        if (found.Count == 0) found.Add((request.Length, true));
        var body = new byte[4 + found.Count * 8];
        BinaryPrimitives.WriteUInt32BigEndian(body, ServerHandshake.AllocationId);
        for (var i = 0; i < found.Count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(4 + i * 8), found[i].Length);
            BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(8 + i * 8), found[i].IsData ? 0 : NbdProtocol.StateHole | NbdProtocol.StateZero);
        }

        await replies.ChunkAsync(NbdChunk.BlockStatus, true, request.Cookie, default, body, ct);
    }

    /// <summary>Reads a range for nothing but what caches below keep of it; a hint, so only so much.</summary>
    public async ValueTask WarmAsync(ByteRange range, CancellationToken ct)
    {
        var cover = ExportWriter.Cover(export, range.Offset, Math.Min(range.Length, NbdProtocol.MaxPayloadBytes));
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            for (var at = cover.Offset; at < cover.End; at += Piece) await export.Source.ReadAsync(at, buffer.AsMemory(0, Piece), ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<long> ExtentAsync(NbdRequest request, ByteRange range, bool isData, CancellationToken ct)
    {
        if (!isData)
        {
            await HoleAsync(request, range, range.End == request.Range.End, ct);
            return range.End;
        }

        for (var at = range.Offset; at < range.End;)
        {
            // Later pieces begin on a block, so that no block is read twice.
            var end = Math.Min((at & -Block.Size) + Piece, range.End);
            await PieceAsync(request, new(at, end - at), end == request.Range.End, true, ct);
            at = end;
        }

        return range.End;
    }

    private async ValueTask PieceAsync(NbdRequest request, ByteRange range, bool done, bool chunk, CancellationToken ct)
    {
        var cover = ExportWriter.Cover(export, range.Offset, range.Length);
        var size = (int)((cover.Length + Block.Size - 1) & -Block.Size);
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            if (await export.Source.ReadAsync(cover.Offset, buffer.AsMemory(0, size), ct) < cover.Length)
                throw new EngineException(Fault.SourceShrank, $"{export.Source.Name}@{cover.Offset}", "the disk ends early");
            var payload = buffer.AsMemory((int)(range.Offset - cover.Offset), (int)range.Length);
            if (!chunk) await replies.SimpleAsync(request.Cookie, NbdError.None, payload, ct);
            else if (!request.Has(NbdCommandFlags.DontFragment) && !payload.Span.ContainsAnyExcept((byte)0)) await HoleAsync(request, range, done, ct);
            else await replies.ChunkAsync(NbdChunk.OffsetData, done, request.Cookie, Offset(range.Offset), payload, ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask HoleAsync(NbdRequest request, ByteRange range, bool done, CancellationToken ct)
    {
        var body = new byte[12];
        BinaryPrimitives.WriteInt64BigEndian(body, range.Offset);
        BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(8), (uint)range.Length);
        return replies.ChunkAsync(NbdChunk.OffsetHole, done, request.Cookie, default, body, ct);
    }

    private static byte[] Offset(long offset)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(prefix, offset);
        return prefix;
    }
}
