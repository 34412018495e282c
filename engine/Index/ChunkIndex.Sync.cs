using System.Text;

namespace HyperBdr.Engine.Index;

public sealed partial class ChunkIndex
{
    private const int LoadsInFlight = 4;
    private const int RunEntries = 2 * IndexObject.MaxBlobs;
    private const int MaxRepairs = 3;

    /// <summary>Makes the index cover exactly these index objects.</summary>
    /// <remarks>
    /// First every segment that covers an object which is not listed any more is dropped, with its file; then what is missing is loaded, a few at
    /// a time, and written. Cut at any point, the next call goes on from what was written.
    /// </remarks>
    /// <param name="listedObjects">Names of all index objects of the repository, at most 200 bytes each.</param>
    /// <param name="loadPlain">The plain bytes of one object; called side by side.</param>
    /// <exception cref="EngineException">
    /// <see cref="Fault.Corrupt"/>: objects are damaged; all others are covered, and the first damage is reported. The index must not be
    /// used to decide what may be deleted. <see cref="Fault.CacheFailed"/>: the cache folder cannot be written. What <paramref name="loadPlain"/> throws comes through.
    /// </exception>
    public async Task SyncAsync(IReadOnlyCollection<string> listedObjects, Func<string, CancellationToken, Task<byte[]>> loadPlain, CancellationToken ct)
    {
        var listed = listedObjects.ToHashSet(StringComparer.Ordinal);
        foreach (var name in listed) CheckName(name);
        await writing.WaitAsync(ct);
        try
        {
            EngineException? damagedObject = null;
            for (var repair = 0; ; repair++)
            {
                Drop(segment => segment.IsDamaged || !segment.Objects.All(listed.Contains));
                try
                {
                    damagedObject = await LoadMissingAsync(listed, loadPlain, ct);
                    Compact(ct);
                    break;
                }
                catch (EngineException e) when (e.Fault == Fault.Corrupt && repair < MaxRepairs && Array.Exists(Current, segment => segment.IsDamaged))
                {
                    // A segment broke on disk while it was merged: dropped and loaded again in the next round.
                }
            }

            if (damagedObject is not null) throw damagedObject;
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Takes in an index object that this process has just stored, so that it need not be loaded; without effect when it is covered.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>, <see cref="Fault.CacheFailed"/>, or <see cref="Fault.Corrupt"/> for a damaged segment.</exception>
    public async Task AddOwnAsync(string objectName, IReadOnlyList<PackEntry> packs, CancellationToken ct)
    {
        CheckName(objectName);
        IndexObject.Check(packs, Fault.InvalidArgument);
        await writing.WaitAsync(ct);
        try
        {
            if (Current.Any(segment => segment.Objects.Contains(objectName, StringComparer.Ordinal))) return;
            var run = new SegmentRun();
            run.Add(objectName, packs);
            Write(run);
            Compact(ct);
        }
        finally
        {
            writing.Release();
        }
    }

    // Only the holder of the writing gate changes the set, so for it no use needs to be entered.
    private IndexSegment[] Current => (current ?? throw new ObjectDisposedException(nameof(ChunkIndex))).Segments;

    private static void CheckName(string name)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > SegmentFormat.NameBytes) throw new EngineException(Fault.InvalidArgument, name, "not a name of an index object");
    }

    private static List<IndexSegment> OpenSegments(CacheFolder folder, Guid repository)
    {
        var found = new List<IndexSegment>();
        foreach (var path in folder.SegmentFiles())
        {
            try
            {
                found.Add(IndexSegment.Open(path, repository, folder.IsOwner));
            }
            catch (EngineException e) when (e.Fault == Fault.Corrupt)
            {
                if (folder.IsOwner) File.Delete(path);
            }
        }

        return WithoutMerged(found);
    }

    // A process that died between a merge and the end of its sources leaves both; the merged segment covers more objects.
    private static List<IndexSegment> WithoutMerged(List<IndexSegment> found)
    {
        var kept = new List<IndexSegment>();
        var covered = new HashSet<string>(StringComparer.Ordinal);
        foreach (var segment in found.OrderByDescending(segment => segment.Objects.Count))
        {
            if (covered.Overlaps(segment.Objects))
            {
                segment.Unlink();
                segment.Hold();
                segment.Release();
                continue;
            }

            covered.UnionWith(segment.Objects);
            kept.Add(segment);
        }

        return kept;
    }

    private async Task<EngineException?> LoadMissingAsync(HashSet<string> listed, Func<string, CancellationToken, Task<byte[]>> loadPlain, CancellationToken ct)
    {
        var missing = listed.Except(Current.SelectMany(segment => segment.Objects), StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        EngineException? damagedObject = null;
        var run = new SegmentRun();
        await using var loads = new OrderedLoads(missing, loadPlain, LoadsInFlight, ct);
        foreach (var name in missing)
        {
            try
            {
                run.Add(name, IndexObject.Decode(await loads.NextAsync()));
            }
            catch (EngineException e) when (e.Fault == Fault.Corrupt)
            {
                damagedObject ??= new EngineException(Fault.Corrupt, name, e.Message, e);
            }

            if (run.Count < RunEntries) continue;
            Write(run);
            run = new SegmentRun();
            if (Current.Length >= MergePlan.MostRuns) Merge(MergePlan.Runs(Current), ct);
        }

        if (run.Count > 0) Write(run);
        return damagedObject;
    }

    private void Compact(CancellationToken ct)
    {
        while (MergePlan.Next(Current) is { Count: > 0 } plan) Merge(plan, ct);
    }

    private void Write(SegmentRun run)
    {
        var segment = OnDisk(() => run.Write(folder.OwnPath, repository));
        Publish([.. Current, segment]);
    }

    private void Merge(IReadOnlyList<IndexSegment> sources, CancellationToken ct)
    {
        var union = new PackUnion(sources);
        var merged = OnDisk(() =>
        {
            using var writer = new SegmentWriter(folder.OwnPath, repository);
            foreach (var entry in SegmentMerge.Entries(sources, union, ct)) writer.Add(entry);
            return writer.Finish(union.Packs, [.. sources.SelectMany(segment => segment.Objects)]);
        });
        Replace(sources, merged);
    }

    private void Replace(IReadOnlyList<IndexSegment> sources, IndexSegment merged)
    {
        Publish([.. Current.Except(sources), merged]);
        OnDisk(() => Unlink(sources));
    }

    private void Drop(Predicate<IndexSegment> isStale)
    {
        var stale = Array.FindAll(Current, isStale);
        if (stale.Length == 0) return;
        Publish([.. Current.Except(stale)]);
        OnDisk(() => Unlink(stale));
    }

    private static int Unlink(IReadOnlyList<IndexSegment> segments)
    {
        foreach (var segment in segments) segment.Unlink();
        return segments.Count;
    }

    private void Publish(IndexSegment[] segments) => Interlocked.Exchange(ref current, new SegmentSet(segments))!.Exit();

    private T OnDisk<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.CacheFailed, folder.OwnPath, e.Message, e);
        }
    }
}
