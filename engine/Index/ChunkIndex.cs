using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Index;

/// <summary>Chunk id → places in packs, from the repository's index objects, on local disk with bounded memory.</summary>
/// <remarks>
/// A cache: deleting its folder loses nothing. Lookups run side by side and beside <see cref="SyncAsync"/> and <see cref="AddOwnAsync"/>,
/// which wait for each other. While a sync loads again what it dropped, lookups may miss chunks that the repository holds; when it returned,
/// the index is exact. Memory: 2 MiB of pages, about 0.1 byte for each entry, 56 bytes for each pack.
/// Every call that reads may throw <see cref="Fault.Corrupt"/> with a local path as subject: a cache file is damaged and no longer used;
/// the next <see cref="SyncAsync"/> builds it again. An absent answer is never given from damaged bytes.
/// </remarks>
public sealed partial class ChunkIndex : IDisposable
{
    private const int CachedPages = 512;

    private readonly PageCache pages = new(CachedPages);
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly CacheFolder folder;
    private readonly Guid repository;
    private volatile SegmentSet? current;
    private volatile HashSet<PackId> condemned = [];

    private ChunkIndex(CacheFolder folder, Guid repository, IEnumerable<IndexSegment> segments)
    {
        this.folder = folder;
        this.repository = repository;
        current = new SegmentSet(segments);
    }

    /// <summary>False when another process writes the shared folder and this one works in a private one.</summary>
    public bool OwnsFolder => folder.IsOwner;

    /// <summary>Entries: a chunk counts once for each pack that holds it, and twice while two segments list the same pack.</summary>
    public long Count
    {
        get
        {
            using var use = Enter();
            return use.Segments.Sum(segment => segment.Count);
        }
    }

    /// <summary>Every pack once, by id.</summary>
    public IReadOnlyList<PackInfo> Packs
    {
        get
        {
            using var use = Enter();
            return OncePerId(new PackUnion(use.Segments).Packs);
        }
    }

    /// <summary>Opens the cache of one repository; what is damaged, or of another repository or version, is thrown away.</summary>
    /// <exception cref="EngineException"><see cref="Fault.CacheFailed"/>: the folder cannot be made or read.</exception>
    public static ChunkIndex Open(string path, Guid repository)
    {
        CacheFolder? opened = null;
        try
        {
            opened = CacheFolder.Open(path);
            var index = new ChunkIndex(opened, repository, OpenSegments(opened, repository));
            opened = null;
            return index;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.CacheFailed, path, e.Message, e);
        }
        finally
        {
            opened?.Dispose();
        }
    }

    /// <summary>A place to read the chunk from; a condemned pack only when no other holds it.</summary>
    public bool TryFind(ChunkId id, out ChunkLocation location) => TryFind(id, alsoCondemned: true, out location);

    /// <summary>A place that a new recovery point may refer to: never in a condemned pack.</summary>
    public bool TryFindReusable(ChunkId id, out ChunkLocation location) => TryFind(id, alsoCondemned: false, out location);

    /// <summary>Every place of the chunk, those in condemned packs last.</summary>
    public IEnumerable<ChunkLocation> FindAll(ChunkId id)
    {
        var (good, bad) = (new List<ChunkLocation>(), new List<ChunkLocation>());
        var refused = condemned;
        using var use = Enter();
        foreach (var segment in use.Segments)
        {
            var found = segment.TryFirst(pages, id, out var index, out var entry);
            while (found)
            {
                var pack = segment.Packs[entry.Pack].Id;
                var into = refused.Contains(pack) ? bad : good;
                if (!into.Contains(entry.At(pack))) into.Add(entry.At(pack));
                found = segment.TryNext(pages, id, ref index, out entry);
            }
        }

        return [.. good, .. bad];
    }

    /// <summary>Replaces the set of packs that are readable but must not be referred to again, because they are about to go.</summary>
    public void Condemn(IReadOnlySet<PackId> packs) => condemned = [.. packs];

    /// <summary>Every chunk and place in the order of ids, read as they are asked for; a blob that two index objects list comes once.</summary>
    public IEnumerable<(ChunkId Id, ChunkLocation Location)> Entries()
    {
        using var use = Enter();
        var union = new PackUnion(use.Segments);
        var last = default(SegmentEntry);
        foreach (var entry in SegmentMerge.Entries(use.Segments, union, CancellationToken.None))
        {
            if (entry.CompareTo(last) != 0) yield return (entry.Id, entry.At(union.Packs[entry.Pack].Id));
            last = entry;
        }
    }

    /// <summary>Marks for the entries as they are now, with the packs that are condemned now; later changes of the index do not reach them.</summary>
    /// <param name="gone">Packs that the store does not have, so that no place in them counts.</param>
    public MarkSet CreateMarks(IReadOnlySet<PackId>? gone = null) => new(Enter(), pages, condemned, gone ?? new HashSet<PackId>());

    /// <summary>Closes the files; sets of marks that are still in use keep theirs. Must not run beside another call.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref current, null) is not { } set) return;
        set.Exit();
        folder.Dispose();
        writing.Dispose();
    }

    private bool TryFind(ChunkId id, bool alsoCondemned, out ChunkLocation location)
    {
        var refused = condemned;
        var hasSecondBest = false;
        location = default;
        using var use = Enter();
        foreach (var segment in use.Segments)
        {
            var found = segment.TryFirst(pages, id, out var index, out var entry);
            while (found)
            {
                var pack = segment.Packs[entry.Pack].Id;
                var usable = !refused.Contains(pack);
                if (usable || (alsoCondemned && !hasSecondBest)) location = entry.At(pack);
                if (usable) return true;
                hasSecondBest = alsoCondemned;
                found = segment.TryNext(pages, id, ref index, out entry);
            }
        }

        return hasSecondBest;
    }

    private SegmentUse Enter()
    {
        while (true)
        {
            var set = current;
            ObjectDisposedException.ThrowIf(set is null, this);
            if (set.TryEnter()) return new SegmentUse(set);
        }
    }

    internal static List<PackInfo> OncePerId(PackInfo[] sorted)
    {
        var once = new List<PackInfo>(sorted.Length);
        foreach (var pack in sorted)
        {
            if (once.Count == 0 || once[^1].Id != pack.Id) once.Add(pack);
        }

        return once;
    }
}
