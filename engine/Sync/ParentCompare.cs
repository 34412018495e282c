using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;

namespace HyperBdr.Engine.Sync;

/// <summary>Compares blocks with the parent point itself, where the local table of tags is missing.</summary>
/// <remarks>
/// A run that holds a whole chunk is compared by the chunk's id, so that nothing is fetched where nothing changed. Other runs, and chunks
/// that differ, are fetched and compared block by block. What cannot be fetched counts as changed and is stored anew. One caller at a time.
/// </remarks>
internal sealed class ParentCompare(MapReader map, PackFetcher fetcher, Func<ReadOnlyMemory<byte>, Codec.ChunkId> identify)
{
    private readonly PointReader reader = new(fetcher);
    private readonly byte[] there = new byte[MapLimits.MaxChunkBlocks * Block.Size];

    /// <summary>Bytes to read next, at most <paramref name="want"/>: ends where a run of the parent ends, when one does.</summary>
    public async ValueTask<int> AlignAsync(long offset, int want, CancellationToken ct)
    {
        var runs = await RunsAsync(offset / Block.Size, (int)Block.CountFor(want) + MapLimits.MaxChunkBlocks, ct);
        var end = (offset + want) / Block.Size;
        var last = runs.FindLast(run => run.End <= end);
        return last == default ? want : (int)(last.End - (offset / Block.Size)) * Block.Size;
    }

    /// <summary>Says of each block whether it is as in the parent.</summary>
    public async ValueTask FillAsync(long firstBlock, ReadOnlyMemory<byte> blocks, bool[] same, CancellationToken ct)
    {
        var count = blocks.Length / Block.Size;
        Array.Clear(same, 0, count);
        foreach (var run in await RunsAsync(firstBlock, count, ct))
        {
            if (run.IsHole) continue;
            var at = (int)(run.Block - firstBlock);
            var bytes = blocks.Slice(at * Block.Size, run.Count * Block.Size);
            if (IsWhole(run) && identify(bytes) == run.Chunk) Array.Fill(same, true, at, run.Count);
            else await CompareAsync(run, bytes, same, at, ct);
        }
    }

    private bool IsWhole(MapExtent run) => run.ChunkBlock == 0 && fetcher.TryLocate(run.Chunk, out var found) && found.PlainLength == run.Count * Block.Size;

    private async ValueTask CompareAsync(MapExtent run, ReadOnlyMemory<byte> bytes, bool[] same, int at, CancellationToken ct)
    {
        var before = there.AsMemory(0, bytes.Length);
        try
        {
            await reader.ReadAsync([run], before, ct);
        }
        catch (EngineException e) when (e.Fault is Fault.MissingData or Fault.Corrupt or Fault.NotFound)
        {
            return;
        }

        for (var i = 0; i < run.Count; i++)
        {
            same[at + i] = bytes.Span.Slice(i * Block.Size, Block.Size).SequenceEqual(before.Span.Slice(i * Block.Size, Block.Size));
        }
    }

    private async ValueTask<List<MapExtent>> RunsAsync(long firstBlock, int count, CancellationToken ct)
    {
        var runs = new List<MapExtent>();
        await foreach (var extent in map.ExtentsAsync(firstBlock, count, ct)) MapRuns.Add(runs, extent);
        return runs;
    }
}
