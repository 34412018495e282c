using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Sync;

/// <summary>Goes along one disk and says of every block whether it is a hole, as in the parent, or to be stored. Reads as little as it can.</summary>
internal sealed class DiskScan(DiskJob job, Chunker chunker, SyncProgress progress)
{
    /// <summary>Bytes of one read: enough for a device, and still in the processor's cache when it is hashed.</summary>
    private const int ReadBytes = 1024 * 1024;

    private readonly ulong[] tags = new ulong[ReadBytes / Block.Size];
    private readonly ulong[] before = new ulong[ReadBytes / Block.Size];
    private readonly bool[] same = new bool[ReadBytes / Block.Size];

    /// <summary>Holds the reads to a rate.</summary>
    public ReadLimit? Limit { get; init; }

    /// <summary>Bytes of the disk; known at the end for a stream.</summary>
    public long Length { get; private set; }

    public async Task RunAsync(CancellationToken ct)
    {
        await ScanAsync(ct);
        job.NewTags?.Cut(Block.CountFor(Length));
    }

    private async Task ScanAsync(CancellationToken ct)
    {
        if (job.Source.Length is not { } length)
        {
            await StreamAsync(ct);
            return;
        }

        Length = length;
        long position = 0;
        foreach (var range in job.RangesToRead(length))
        {
            Keep(position, range.Offset);
            await foreach (var extent in job.Source.ExtentsAsync(range, ct))
            {
                if (extent.IsData) await ReadAsync(extent, length, ct);
                else Hole(extent);
            }

            position = range.End;
        }

        Keep(position, length);
        if (job.Source is ILengthVerified verified) await verified.VerifyLengthAsync(ct);
    }

    private void Keep(long from, long to)
    {
        if (to <= from) return;
        chunker.Keep(Block.CountFor(to) - (from / Block.Size));
        if (job.IsAmendment) return;
        progress.AddUnchanged(to - from);
        progress.AddDone(to - from);
    }

    private void Hole(Extent extent)
    {
        var first = extent.Offset / Block.Size;
        var count = Block.CountFor(extent.End) - first;
        chunker.Hole(count);
        job.NewTags?.Clear(first, count);
        progress.AddDone(extent.Length);
    }

    private async Task ReadAsync(Extent extent, long length, CancellationToken ct)
    {
        for (var offset = extent.Offset; offset < extent.End;)
        {
            var want = (int)Math.Min(ReadBytes, (Block.CountFor(extent.End) * Block.Size) - offset);
            var space = await chunker.SpaceAsync(MapLimits.MaxChunkBlocks, ct);
            if (space.Length < want) want = space.Length;
            if (job.Compare is not null) want = await job.Compare.AlignAsync(offset, want, ct);
            var memory = space[..want];
            if (Limit is not null) await Limit.PassAsync(want, ct);
            var got = await job.Source.ReadAsync(offset, memory, ct);
            var expected = (int)Math.Min(want, length - offset);
            if (got < expected) throw new EngineException(Fault.SourceShrank, job.Source.Name, $"ends at {offset + got} of {length} bytes");
            memory.Span[expected..].Clear();
            if (job.Compare is not null) await job.Compare.FillAsync(offset / Block.Size, memory, same, ct);
            Scan(offset / Block.Size, memory.Span);
            await chunker.AdvanceAsync(ct);
            progress.AddRead(expected);
            progress.AddDone(expected);
            offset += expected;
        }
    }

    private async Task StreamAsync(CancellationToken ct)
    {
        for (long offset = 0; ;)
        {
            var space = await chunker.SpaceAsync(1, ct);
            var memory = space[..Math.Min(ReadBytes, space.Length)];
            var got = await job.Source.ReadAsync(offset, memory, ct);
            var blocks = (int)Block.CountFor(got);
            memory.Span[got..(blocks * Block.Size)].Clear();
            Scan(offset / Block.Size, memory.Span[..(blocks * Block.Size)]);
            await chunker.AdvanceAsync(ct);
            progress.AddRead(got);
            progress.AddDone(got);
            Length = offset += got;
            if (got < memory.Length) return;
        }
    }

    private void Scan(long firstBlock, ReadOnlySpan<byte> blocks)
    {
        var count = blocks.Length / Block.Size;
        var known = before.AsSpan(0, count);
        if (job.ParentTags is null) known.Clear();
        else job.ParentTags.Read(firstBlock, known);
        var differs = false;
        for (var i = 0; i < count; i++)
        {
            var block = blocks.Slice(i * Block.Size, Block.Size);
            var tag = Say(i, firstBlock + i, block, known[i]);
            tags[i] = tag;
            differs |= tag != known[i];
        }

        if (differs) job.NewTags?.Write(firstBlock, tags.AsSpan(0, count));
    }

    private ulong Say(int offset, long number, ReadOnlySpan<byte> block, ulong before)
    {
        if (block.IndexOfAnyExcept((byte)0) < 0)
        {
            chunker.Hole(1);
            return 0;
        }

        var tag = job.Hash.Compute(block, out var cut);
        if ((tag == before || same[offset]) && !job.MustRewrite(number))
        {
            chunker.Keep(1);
            if (!job.IsAmendment) progress.AddUnchanged(Block.Size);
        }
        else
        {
            chunker.Data(offset, cut);
        }

        return tag;
    }
}
