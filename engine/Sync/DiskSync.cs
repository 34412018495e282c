using System.Diagnostics;
using System.Threading.Channels;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Sync;

/// <summary>Writes one disk: a scan reads and cuts, workers identify and seal, and the block map is written behind them in disk order.</summary>
/// <remarks>Memory is bounded by the batches and packs that exist; whoever needs one waits. The first failure ends all three.</remarks>
internal sealed class DiskSync(SessionParts parts, DiskJob job, MapReader? parentMap)
{
    private const int BatchBytes = 4 * 1024 * 1024;

    /// <summary>Extents of a leaf of the map beyond which the next session writes its 8 MiB as whole chunks again.</summary>
    private const int FragmentedExtents = 768;

    private readonly Channel<Batch> toWork = Channel.CreateBounded<Batch>(1);
    private readonly Channel<Batch> toMap = Channel.CreateUnbounded<Batch>();
    private readonly List<long> fragmented = [];

    public async Task<DiskRecord> RunAsync(CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var workers = parts.Options.Workers;
        var memory = new BufferPool<Memory<byte>>(workers + 2, () => AlignedMemory.Allocate(BatchBytes + Chunker.HeadRoom(parts.Chunking)));
        var chunker = new Chunker(parts.Chunking, memory.RentAsync, EmitAsync);
        var scan = new DiskScan(job, chunker, parts.Progress) { Limit = parts.Options.ReadLimit };
        var builder = new MapBuilder(parts.Nodes, parentMap);
        List<Task> tasks = [TaskGroup.RunAsync(() => ScanAsync(scan, chunker, stop.Token), stop), TaskGroup.RunAsync(() => MapAsync(builder, memory, stop.Token), stop)];
        for (var i = 0; i < workers; i++)
        {
            var sink = parts.Sinks[i];
            tasks.Add(TaskGroup.RunAsync(() => WorkAsync(sink, stop.Token), stop));
        }

        await TaskGroup.WaitAsync(tasks, ct);
        var root = await builder.FinishAsync(scan.Length, ct);
        return new DiskRecord(job.Name, scan.Length, root.Node.IsHole ? null : root.Node.ToString(), root.Level, fragmented);
    }

    private async ValueTask EmitAsync(Batch batch, CancellationToken ct)
    {
        await toMap.Writer.WriteAsync(batch, ct);
        if (batch.Chunks.Count == 0) batch.Finish();
        else await toWork.Writer.WriteAsync(batch, ct);
    }

    private async Task ScanAsync(DiskScan scan, Chunker chunker, CancellationToken ct)
    {
        await scan.RunAsync(ct);
        await chunker.FinishAsync(ct);
        toWork.Writer.Complete();
        toMap.Writer.Complete();
    }

    private async Task WorkAsync(BlobSink sink, CancellationToken ct)
    {
        var gathered = new byte[PackLayout.MaxBlobPlain];
        await foreach (var batch in toWork.Reader.ReadAllAsync(ct))
        {
            var begin = Stopwatch.GetTimestamp();
            await KeepAsync(batch, sink, gathered, ct);
            batch.Finish();
            if (parts.Options.CpuShare < 1) await Task.Delay(Stopwatch.GetElapsedTime(begin) * ((1 / parts.Options.CpuShare) - 1), parts.Time, ct);
        }
    }

    private static async Task KeepAsync(Batch batch, BlobSink sink, byte[] gathered, CancellationToken ct)
    {
        for (var i = 0; i < batch.Chunks.Count; i++)
        {
            var chunk = batch.Chunks[i];
            chunk.Id = await sink.KeepAsync(Plain(batch, chunk, gathered), ct);
            batch.Chunks[i] = chunk;
        }
    }

    private static ReadOnlyMemory<byte> Plain(Batch batch, ChunkDraft chunk, byte[] gathered)
    {
        var first = batch.Runs[chunk.FirstRun];
        if (chunk.RunCount == 1) return batch.Memory.Slice(first.First * Block.Size, first.Count * Block.Size);
        var length = 0;
        for (var run = chunk.FirstRun; run < chunk.FirstRun + chunk.RunCount; run++)
        {
            var blocks = batch.Blocks(batch.Runs[run]);
            blocks.CopyTo(gathered.AsSpan(length));
            length += blocks.Length;
        }

        return gathered.AsMemory(0, length);
    }

    private async Task MapAsync(MapBuilder builder, BufferPool<Memory<byte>> memory, CancellationToken ct)
    {
        var density = new LeafDensity(FragmentedExtents, fragmented);
        await foreach (var batch in toMap.Reader.ReadAllAsync(ct))
        {
            await batch.Processed.WaitAsync(ct);
            foreach (var step in batch.Steps)
            {
                density.Add(builder.Position, step);
                await AppendAsync(builder, batch, step, ct);
            }

            memory.Return(batch.Memory);
        }
    }

    private static ValueTask AppendAsync(MapBuilder builder, Batch batch, MapStep step, CancellationToken ct) => step.Kind switch
    {
        StepKind.Hole => builder.AppendHoleAsync(step.Count, ct),
        StepKind.Keep => builder.KeepAsync(builder.Position + step.Count, ct),
        _ => builder.AppendAsync(new MapExtent(builder.Position, (int)step.Count, batch.Chunks[step.Chunk].Id, step.ChunkBlock), ct),
    };
}

/// <summary>What the disks of a session share.</summary>
internal sealed record SessionParts(SyncOptions Options, ChunkingConstants Chunking, INodeStore Nodes, IReadOnlyList<BlobSink> Sinks, SyncProgress Progress, TimeProvider Time);
