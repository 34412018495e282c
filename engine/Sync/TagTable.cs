using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.IO;
using HyperBdr.Engine.Points;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Sync;

/// <summary>The local cache of block tags of one disk as of one recovery point: tells which blocks did not change, without the store.</summary>
/// <remarks>
/// A sparse file: a head of 4 KiB that binds repository and point, then eight bytes a block, 0 for a hole or unknown. A tag that
/// does not match only costs a comparison more, so a damaged table can waste time but cannot lose a change. Losing it loses nothing.
/// </remarks>
internal sealed class TagTable : IDisposable
{
    private const int HeadSize = 4096;
    private const int TagSize = 8;
    private const string DraftEnd = ".part";
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromDays(7);
    private readonly SafeFileHandle file;
    private readonly string draft;
    private readonly string path;
    private bool isBroken;

    private TagTable(SafeFileHandle file, string draft, string path)
    {
        this.file = file;
        this.draft = draft;
        this.path = path;
    }

    /// <summary>True when a tag could not be written: tags that stayed could vouch for what is no longer so.</summary>
    public bool IsBroken => isBroken;

    /// <summary>The table's place below the cache folder: one for each disk of each host.</summary>
    public static string PathOf(string cacheFolder, string host, string disk) =>
        Path.Combine(cacheFolder, "tags", Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{host}\n{disk}")))[..32]);

    /// <summary>The table of a point; null when there is none, or one of another point.</summary>
    public static TagTable? TryOpen(string path, Guid repositoryId, PointId point)
    {
        SafeFileHandle? opened = null;
        try
        {
            opened = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            Span<byte> head = stackalloc byte[Head.Size];
            if (RandomAccess.Read(opened, head, 0) == Head.Size && head.SequenceEqual(Head.Of(repositoryId, point)))
            {
                var table = new TagTable(opened, path, path);
                opened = null;
                return table;
            }
        }
        catch (IOException)
        {
            // A cache that cannot be read is no cache.
        }
        finally
        {
            opened?.Dispose();
        }

        return null;
    }

    /// <summary>A table that nobody sees before <see cref="Commit"/>; begins with the tags of <paramref name="parent"/>. Null when the cache folder takes none.</summary>
    public static TagTable? TryCreate(string path, TagTable? parent)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var begun = $"{path}.{Guid.CreateVersion7():n}{DraftEnd}";
            var table = new TagTable(File.OpenHandle(begun, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None), begun, path);
            if (parent is not null) table.CopyFrom(parent);
            return table;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Fills <paramref name="tags"/>; 0 where nothing is known.</summary>
    public void Read(long firstBlock, Span<ulong> tags)
    {
        var bytes = MemoryMarshal.AsBytes(tags);
        var read = 0;
        try
        {
            read = RandomAccess.Read(file, bytes, HeadSize + (firstBlock * TagSize));
        }
        catch (IOException)
        {
            // Unknown: the blocks count as changed.
        }

        bytes[read..].Clear();
    }

    /// <summary>Keeps the tags of a run of blocks. A table that could not be written is never committed.</summary>
    public void Write(long firstBlock, ReadOnlySpan<ulong> tags)
    {
        try
        {
            if (!isBroken) RandomAccess.Write(file, MemoryMarshal.AsBytes(tags), HeadSize + (firstBlock * TagSize));
        }
        catch (IOException)
        {
            isBroken = true;
        }
    }

    /// <summary>Forgets the tags of a run of blocks that are a hole now.</summary>
    public void Clear(long firstBlock, long count)
    {
        try
        {
            if (!isBroken) ClearTags(firstBlock, count);
        }
        catch (IOException)
        {
            // A tag that stays would vouch for a block that the new map does not have.
            isBroken = true;
        }
    }

    /// <summary>Ends the table where the disk ends: a disk that grows again must not meet tags of blocks that its map no longer has.</summary>
    public void Cut(long blocks)
    {
        try
        {
            var end = HeadSize + (blocks * TagSize);
            if (!isBroken && RandomAccess.GetLength(file) > end) RandomAccess.SetLength(file, end);
        }
        catch (IOException)
        {
            isBroken = true;
        }
    }

    /// <summary>Makes this the table of a point that is published.</summary>
    /// <remarks>The tags are synced before the head that vouches for them: after a power cut a head over older tags could hide a change.</remarks>
    public void Commit(Guid repositoryId, PointId point)
    {
        if (isBroken) return;
        try
        {
            Posix.Sync(file, draft);
            RandomAccess.Write(file, Head.Of(repositoryId, point), 0);
            File.Move(draft, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The point is published; the next session compares with it instead.
            isBroken = true;
        }
    }

    /// <summary>Closes the file; removes a draft that was not committed.</summary>
    public void Dispose()
    {
        file.Dispose();
        if (draft != path) RemoveDrafts();
    }

    // Its own, and those that killed sessions left.
    private void RemoveDrafts()
    {
        try
        {
            RemoveDrafts(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody took the cache folder away: then they are gone too.
        }
    }

    private void RemoveDrafts(string folder)
    {
        foreach (var left in Directory.EnumerateFiles(folder, $"{Path.GetFileName(path)}.*{DraftEnd}"))
        {
            if (left == draft || File.GetLastWriteTimeUtc(left) < File.GetLastWriteTimeUtc(draft) - AbandonedAfter) File.Delete(left);
        }
    }

    // A sparse table stays sparse: zeros are written over tags only.
    private void ClearTags(long firstBlock, long count)
    {
        const int Step = 8192;
        Span<ulong> known = stackalloc ulong[Step];
        var end = Math.Min(firstBlock + count, Math.Max(0, (RandomAccess.GetLength(file) - HeadSize) / TagSize));
        for (var block = firstBlock; block < end; block += Step)
        {
            var part = known[..(int)Math.Min(Step, end - block)];
            var at = HeadSize + (block * TagSize);
            RandomAccess.Read(file, MemoryMarshal.AsBytes(part), at);
            if (part.IndexOfAnyExcept(0UL) < 0) continue;
            part.Clear();
            RandomAccess.Write(file, MemoryMarshal.AsBytes(part), at);
        }
    }

    private void CopyFrom(TagTable parent)
    {
        var buffer = new byte[1024 * 1024];
        var length = RandomAccess.GetLength(parent.file);
        for (long at = HeadSize; at < length;)
        {
            var read = RandomAccess.Read(parent.file, buffer, at);
            if (read == 0) break;
            var part = buffer.AsSpan(0, read);
            if (part.IndexOfAnyExcept((byte)0) >= 0) RandomAccess.Write(file, part, at);
            at += read;
        }
    }

    private static class Head
    {
        public const int Size = 8 + 16 + Hash256.Size;
        private const ulong Magic = 0x3130_4741_5442_4448; // "HDBTAG01"

        public static byte[] Of(Guid repositoryId, PointId point)
        {
            var head = new byte[Size];
            BinaryPrimitives.WriteUInt64LittleEndian(head, Magic);
            repositoryId.TryWriteBytes(head.AsSpan(8));
            point.Value.CopyTo(head.AsSpan(24));
            return head;
        }
    }
}
