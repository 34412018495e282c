using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Sync;

namespace HyperBdr.Engine.Repositories;

// Disks that go on changing while they are copied: what was written meanwhile takes the place of what was read before.
public sealed partial class WriteSession
{
    /// <summary>Reads parts of a disk of this session again; they take the place of what the session has of them.</summary>
    /// <remarks>The disk's map so far is the parent of the amended one, so only the leaves that changed are written. What is replaced stays in
    /// its packs as garbage, for the collector. Statistics count every read; <see cref="PointStatistics.Unchanged"/> is of the first one.</remarks>
    /// <param name="name">A disk that was added; its length must be the same.</param>
    /// <param name="source">Only what is asked for is read of it; not disposed.</param>
    /// <param name="changed">What to read; null compares the whole disk with what the session has.</param>
    /// <param name="ct">Cancels; the session cannot go on after that.</param>
    /// <exception cref="EngineException">As <see cref="AddDiskAsync"/>; <see cref="Fault.SourceGrew"/> or <see cref="Fault.SourceShrank"/>: the disk was resized.</exception>
    public async Task AmendDiskAsync(string name, IBlockSource source, RangeSet? changed, CancellationToken ct)
    {
        var at = disks.FindIndex(d => d.Name == name);
        if (at < 0) throw new EngineException(Fault.InvalidArgument, name, "is no disk of this session");
        var draft = disks[at];
        CheckLength(draft, source);
        if (changed is { BlockCount: 0 }) return;
        var known = tagsOf.TryGetValue(name, out var table) && !table.IsBroken ? table : null;
        await ShowDraftAsync(known is null, ct);
        Progress.AddTotal(changed?.ByteCount ?? draft.Length);
        var parts = NewParts();
        var map = new MapReader(parts.Nodes, draft.Map);
        // What is fragmented is rewritten by the next session, which reads the disk; this source may have no more than what changed.
        var job = new DiskJob(name, source, draft with { Fragmented = [] }, changed, hash, known, known, known is null ? NewCompare(map) : null) { IsAmendment = true };
        var amended = await new DiskSync(parts, job, map).RunAsync(ct);
        disks[at] = amended with { Fragmented = [.. draft.Fragmented.Union(amended.Fragmented).Order()] };
    }

    /// <summary>States that the disks, as they are when the session commits, are as they were at one moment.</summary>
    /// <param name="held">What held between the disks and the programs that write them.</param>
    /// <param name="ago">How long ago the moment was.</param>
    public void MarkInstant(Consistency held, TimeSpan ago = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ago, TimeSpan.Zero);
        var moment = begunAt + repository.Time.GetElapsedTime(begun) - ago;
        takenAt = moment < begunAt ? begunAt : moment;
        consistency = held;
    }

    private static void CheckLength(DiskRecord draft, IBlockSource source)
    {
        var length = source.Length ?? throw new EngineException(Fault.InvalidArgument, source.Name, "a source of unknown length cannot amend a disk");
        if (length < draft.Length) throw new EngineException(Fault.SourceShrank, source.Name, $"has {length} bytes and had {draft.Length}");
        if (length > draft.Length) throw new EngineException(Fault.SourceGrew, source.Name, $"has {length} bytes and had {draft.Length}");
    }

    // Map nodes (and chunks, where they are compared with) are read through the index, so the session's own must be in it.
    private async Task ShowDraftAsync(bool withChunks, CancellationToken ct)
    {
        if (withChunks)
        {
            foreach (var sink in sinks) await sink.FlushAsync(ct);
        }

        await nodeSink.FlushAsync(ct);
        await uploads.DrainAsync();
        await chunks.FlushAsync(ct);
    }
}
