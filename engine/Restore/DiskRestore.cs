using System.Threading.Channels;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Sync;

namespace HyperBdr.Engine.Restore;

/// <summary>Writes a disk of a recovery point, or a range of it, to a target.</summary>
/// <remarks>A planner walks the block map; workers fetch, check and write stretches side by side. Memory: one stretch for each worker.</remarks>
public sealed class DiskRestore
{
    private const int StretchBlocks = 512;
    private const int MaxChunks = MapLimits.MaxChunkBlocks;
    private readonly MapReader map;
    private readonly PointReader reader;
    private readonly IBlockTarget target;
    private readonly IBlockSource? present;
    private readonly RestoreOptions options;
    private readonly BufferPool<Memory<byte>> memory;

    internal DiskRestore(MapReader map, PointReader reader, IBlockTarget target, RestoreOptions options)
    {
        this.map = map;
        this.reader = reader;
        this.target = target;
        this.options = options;
        present = options.OnlyDifferent
            ? target as IBlockSource ?? throw new EngineException(Fault.InvalidArgument, target.Name, "cannot be read, so it cannot be compared with")
            : null;
        var workers = options.Ordered ? 1 : options.Workers;
        memory = new BufferPool<Memory<byte>>((present is null ? 1 : 2) * workers, () => AlignedMemory.Allocate((StretchBlocks + MaxChunks) * Block.Size));
    }

    /// <summary>Counts while the restore runs.</summary>
    public RestoreProgress Progress { get; } = new();

    /// <summary>Restores; when this returns everything is on the target's medium.</summary>
    /// <exception cref="EngineException">The target, the store or the repository's data failed; the target is incomplete.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        var length = map.Root.Length;
        var range = options.Range ?? new ByteRange(0, length);
        if (range.Offset % Block.Size != 0 || range.Offset < 0 || range.End > length || (range.End % Block.Size != 0 && range.End != length))
        {
            throw new EngineException(Fault.InvalidArgument, $"range {range.Offset}+{range.Length}", $"is not on block bounds inside of the disk's {length} bytes");
        }

        Progress.AddTotal(range.Length);
        var zeroed = await target.PrepareAsync(length, ct) && present is null;
        if (range.Length > 0) await CopyAsync(range, zeroed, ct);
        await target.FlushAsync(ct);
    }

    private async Task CopyAsync(ByteRange range, bool zeroed, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var stretches = Channel.CreateBounded<List<MapExtent>>(2);
        var tasks = new List<Task> { TaskGroup.RunAsync(() => PlanAsync(range, stretches.Writer, stop.Token), stop) };
        for (var i = 0; i < (options.Ordered ? 1 : options.Workers); i++) tasks.Add(TaskGroup.RunAsync(() => WorkAsync(range.End, zeroed, stretches.Reader, stop.Token), stop));
        await TaskGroup.WaitAsync(tasks, ct);
    }

    private async Task PlanAsync(ByteRange range, ChannelWriter<List<MapExtent>> to, CancellationToken ct)
    {
        var stretch = new List<MapExtent>();
        var blocks = 0;
        await foreach (var extent in map.ExtentsAsync(range.Offset / Block.Size, Block.CountFor(range.End) - (range.Offset / Block.Size), ct))
        {
            // Never between two parts of one chunk: it would be fetched twice.
            var turns = stretch.Count > 0 && (blocks + extent.Count > StretchBlocks + MaxChunks || (blocks >= StretchBlocks && !MapRuns.Continues(stretch[^1], extent)));
            if (turns)
            {
                await to.WriteAsync(stretch, ct);
                stretch = [];
                blocks = 0;
            }

            MapRuns.Add(stretch, extent);
            blocks += extent.Count;
        }

        if (stretch.Count > 0) await to.WriteAsync(stretch, ct);
        to.Complete();
    }

    private async Task WorkAsync(long end, bool zeroed, ChannelReader<List<MapExtent>> from, CancellationToken ct)
    {
        await foreach (var stretch in from.ReadAllAsync(ct))
        {
            if (stretch is [{ IsHole: true } hole])
            {
                await ZeroAsync(hole, end, zeroed, ct);
                continue;
            }

            var buffer = await memory.RentAsync(ct);
            var bytes = buffer[..((int)(stretch[^1].End - stretch[0].Block) * Block.Size)];
            await reader.ReadAsync(stretch, bytes, ct);
            await WriteAsync(stretch, bytes, end, zeroed, ct);
            memory.Return(buffer);
        }
    }

    // Adjoining data extents are one write; holes between them are zeroed, or skipped where the target reads as zeros.
    private async Task WriteAsync(List<MapExtent> stretch, Memory<byte> bytes, long end, bool zeroed, CancellationToken ct)
    {
        for (var i = 0; i < stretch.Count;)
        {
            if (stretch[i].IsHole)
            {
                await ZeroAsync(stretch[i++], end, zeroed, ct);
                continue;
            }

            var first = stretch[i].Block;
            while (i < stretch.Count && !stretch[i].IsHole) i++;
            var offset = first * Block.Size;
            var length = (int)(Math.Min(stretch[i - 1].End * Block.Size, end) - offset);
            var run = bytes.Slice((int)(first - stretch[0].Block) * Block.Size, length);
            if (present is null) await target.WriteAsync(offset, run, ct);
            else await WriteDifferentAsync(offset, run, ct);
            Progress.AddWritten(present is null ? length : 0);
            Progress.AddDone(length);
        }
    }

    private async Task WriteDifferentAsync(long offset, Memory<byte> wanted, CancellationToken ct)
    {
        var buffer = await memory.RentAsync(ct);
        var there = buffer[..(int)(Block.CountFor(wanted.Length) * Block.Size)];
        var got = await present!.ReadAsync(offset, there, ct);
        for (var at = 0; at < wanted.Length;)
        {
            var begin = at;
            while (at < wanted.Length && Differs(wanted, there[..got], at)) at += Block.Size;
            if (at > begin)
            {
                var run = wanted[begin..Math.Min(at, wanted.Length)];
                await target.WriteAsync(offset + begin, run, ct);
                Progress.AddWritten(run.Length);
            }

            if (at < wanted.Length) at += Block.Size;
        }

        memory.Return(buffer);
    }

    private static bool Differs(Memory<byte> wanted, Memory<byte> there, int at)
    {
        var length = Math.Min(Block.Size, wanted.Length - at);
        return at + length > there.Length || !wanted.Span.Slice(at, length).SequenceEqual(there.Span.Slice(at, length));
    }

    private async Task ZeroAsync(MapExtent hole, long end, bool zeroed, CancellationToken ct)
    {
        var offset = hole.Block * Block.Size;
        var length = Math.Min(hole.End * Block.Size, end) - offset;
        if (!zeroed) await target.ZeroAsync(new ByteRange(offset, length), ct);
        Progress.AddDone(length);
    }
}
