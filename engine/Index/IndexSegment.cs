using HyperBdr.Engine.Codec;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Index;

/// <summary>An open segment file: sorted entries on disk, in memory only the first id of each page and the pack table.</summary>
/// <remarks>Immutable; lookups run side by side. Each page's checksum is tested whenever it is read; the first damage condemns the whole segment.</remarks>
internal sealed class IndexSegment
{
    /// <summary>Up to this size every page is tested at open, some 20 ms for 2^20 entries; a larger file is tested as it is read.</summary>
    private const long EagerBytes = 64L << 20;

    private const int ScanPages = 16;

    private static int lastNumber;

    private readonly SafeFileHandle file;
    private readonly SegmentFormat.Header header;
    private readonly ulong[] fences;
    private readonly bool isOwn;
    private int holders;
    private volatile bool damaged;

    private IndexSegment(string path, bool isOwn, SafeFileHandle file, in SegmentFormat.Header header, ulong[] fences, PackInfo[] packs, string[] objects)
    {
        FilePath = path;
        this.isOwn = isOwn;
        this.file = file;
        this.header = header;
        this.fences = fences;
        Packs = packs;
        Objects = objects;
    }

    public string FilePath { get; }

    /// <summary>Tells this segment from every other in the process.</summary>
    public int Number { get; } = Interlocked.Increment(ref lastNumber);

    public long Count => header.Entries;

    public int PageCount => header.Pages;

    /// <summary>In order; an entry's pack is a position here.</summary>
    public PackInfo[] Packs { get; }

    /// <summary>Names of the index objects whose packs are all here.</summary>
    public IReadOnlyList<string> Objects { get; }

    public bool IsDamaged => damaged;

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: not a whole segment of this repository and version.</exception>
    public static IndexSegment Open(string path, Guid repository, bool isOwn)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var segment = Load(path, repository, isOwn, handle);
            handle = null;
            return segment;
        }
        catch (IOException e)
        {
            throw Damage(path, e.Message, e);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>Reads whole pages and checks them.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: the segment is damaged, and from now on not used at all.</exception>
    public void ReadPages(int first, Span<byte> into)
    {
        if (damaged) throw Damage(FilePath, "is damaged");
        try
        {
            if (RandomAccess.Read(file, into, SegmentFormat.PageBytes * (first + 1L)) != into.Length) throw Condemn("is cut");
        }
        catch (IOException e)
        {
            throw Condemn(e.Message, e);
        }

        for (var i = 0; i < into.Length / SegmentFormat.PageBytes; i++)
        {
            if (!SegmentFormat.IsSealed(into.Slice(i * SegmentFormat.PageBytes, SegmentFormat.PageBytes), header.Salt, first + i)) throw Condemn($"page {first + i} is not what was written");
        }
    }

    /// <summary>Entries on a page.</summary>
    public int EntriesOn(int page) => (int)Math.Min(SegmentFormat.PageEntries, Count - ((long)page * SegmentFormat.PageEntries));

    /// <summary>The first of the adjoining entries of a chunk.</summary>
    public bool TryFirst(PageCache pages, ChunkId id, out long index, out SegmentEntry entry)
    {
        if (damaged) throw Damage(FilePath, "is damaged");
        var prefix = id.Value.Prefix;
        var start = Math.Max(FenceSearch.FirstNotBelow(fences, prefix) - 1, 0);
        for (var page = start; page < fences.Length && (page == start || fences[page] <= prefix); page++)
        {
            using var lease = pages.Take(this, page);
            var slot = FenceSearch.FirstNotBelow(lease.Bytes, EntriesOn(page), id);
            if (slot == EntriesOn(page)) continue;
            index = ((long)page * SegmentFormat.PageEntries) + slot;
            entry = Checked(lease.Bytes, slot);
            return entry.Id == id;
        }

        (index, entry) = (-1, default);
        return false;
    }

    /// <summary>The entry after <paramref name="index"/>, when it is of the same chunk.</summary>
    public bool TryNext(PageCache pages, ChunkId id, ref long index, out SegmentEntry entry)
    {
        entry = default;
        if (index + 1 >= Count) return false;
        var (page, slot) = Math.DivRem(index + 1, SegmentFormat.PageEntries);
        using var lease = pages.Take(this, (int)page);
        entry = Checked(lease.Bytes, (int)slot);
        if (entry.Id != id) return false;
        index++;
        return true;
    }

    /// <summary>An entry of a checked page, whose pack is in the table.</summary>
    public SegmentEntry Checked(ReadOnlySpan<byte> page, int slot)
    {
        var entry = SegmentEntry.Read(page[(slot * SegmentEntry.Size)..]);
        return entry.Pack < (uint)Packs.Length ? entry : throw Condemn("names a pack that it does not list");
    }

    public void Hold() => Interlocked.Increment(ref holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0) file.Dispose();
    }

    /// <summary>Removes the file's name; who still reads it may go on.</summary>
    public void Unlink()
    {
        if (isOwn) File.Delete(FilePath);
    }

    private static IndexSegment Load(string path, Guid repository, bool isOwn, SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        var page = new byte[SegmentFormat.PageBytes];
        if (RandomAccess.Read(file, page, 0) != page.Length) throw Damage(path, "is cut");
        if (SegmentFormat.ReadHeader(page, length) is not { } header || header.Repository != repository) throw Damage(path, "is no segment of this repository");
        var tables = new byte[header.TableBytes];
        if (RandomAccess.Read(file, tables, header.TablesAt) != tables.Length || !SegmentFormat.TryReadTables(tables, header, out var fences, out var packs, out var objects))
        {
            throw Damage(path, "has damaged tables");
        }

        var segment = new IndexSegment(path, isOwn, file, header, fences, packs, objects);
        if (length <= EagerBytes) segment.TestPages();
        return segment;
    }

    private void TestPages()
    {
        var buffer = new byte[ScanPages * SegmentFormat.PageBytes];
        for (var page = 0; page < PageCount; page += ScanPages)
        {
            ReadPages(page, buffer.AsSpan(0, Math.Min(ScanPages, PageCount - page) * SegmentFormat.PageBytes));
        }
    }

    private EngineException Condemn(string message, IOException? cause = null)
    {
        damaged = true;
        if (isOwn) TryUnlink();
        return Damage(FilePath, message, cause);
    }

    private void TryUnlink()
    {
        try
        {
            Unlink();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next open tests the file again and finds the same damage.
        }
    }

    private static EngineException Damage(string path, string message, IOException? cause = null) => new(Fault.Corrupt, path, $"index cache {message}", cause);
}
