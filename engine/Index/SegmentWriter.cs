using System.IO.Hashing;
using System.Security.Cryptography;

namespace HyperBdr.Engine.Index;

/// <summary>Writes one segment file from entries in order; the file has its name only when it is whole.</summary>
/// <remarks>Nothing is synced: after a power cut the checksums tell, and the segment is loaded again. One thread at a time.</remarks>
internal sealed class SegmentWriter : IDisposable
{
    private const int BufferPages = 16;

    private readonly Guid repository;
    private readonly string draft;
    private readonly FileStream file;
    private readonly ulong salt = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private readonly byte[] buffer = new byte[BufferPages * SegmentFormat.PageBytes];
    private readonly List<ulong> fences = [];
    private SegmentEntry last;
    private long count;
    private bool published;

    public SegmentWriter(string folder, Guid repository)
    {
        this.repository = repository;
        draft = Path.Combine(folder, $"{Guid.CreateVersion7():N}{CacheFolder.DraftSuffix}");
        file = new FileStream(draft, CacheFolder.NewFile);
        file.Position = SegmentFormat.PageBytes;
    }

    /// <summary>Adds an entry; one that equals the entry before it is the same blob listed twice and counts once.</summary>
    public void Add(in SegmentEntry entry)
    {
        var order = count == 0 ? -1 : last.CompareTo(entry);
        if (order == 0) return;
        if (order > 0) throw new InvalidOperationException("segment entries out of order");

        var inBuffer = (int)(count % (BufferPages * SegmentFormat.PageEntries));
        if (inBuffer == 0 && count > 0) WriteBuffer(BufferPages);
        var (page, slot) = Math.DivRem(inBuffer, SegmentFormat.PageEntries);
        if (slot == 0) fences.Add(entry.Id.Value.Prefix);
        entry.Write(buffer.AsSpan((page * SegmentFormat.PageBytes) + (slot * SegmentEntry.Size)));
        last = entry;
        count++;
    }

    /// <summary>Ends the file, gives it its name and opens it, which checks what was written.</summary>
    public IndexSegment Finish(PackInfo[] packs, IReadOnlyList<string> objects)
    {
        var open = (int)(fences.Count % BufferPages);
        if (count > 0) WriteBuffer(open == 0 ? BufferPages : open);
        var tables = SegmentFormat.WriteTables(fences, packs, objects);
        file.Write(tables);
        var header = new SegmentFormat.Header(repository, salt, count, packs.Length, objects.Count, tables.Length, XxHash3.HashToUInt64(tables));
        var page = buffer.AsSpan(0, SegmentFormat.PageBytes);
        SegmentFormat.WriteHeader(page, header);
        file.Position = 0;
        file.Write(page);
        file.Dispose();

        var path = Path.ChangeExtension(draft, CacheFolder.SegmentSuffix);
        File.Move(draft, path);
        published = true;
        return IndexSegment.Open(path, repository, isOwn: true);
    }

    public void Dispose()
    {
        file.Dispose();
        if (!published) File.Delete(draft);
    }

    private void WriteBuffer(int pages)
    {
        var first = fences.Count - pages;
        for (var i = 0; i < pages; i++) SegmentFormat.SealPage(buffer.AsSpan(i * SegmentFormat.PageBytes, SegmentFormat.PageBytes), salt, first + i);
        file.Write(buffer, 0, pages * SegmentFormat.PageBytes);
        Array.Clear(buffer);
    }
}
