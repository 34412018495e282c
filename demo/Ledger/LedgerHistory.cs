using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Demo.Ledger;

/// <summary>What a disk was at every moment: its first content and its journal.</summary>
public sealed class LedgerHistory : IDisposable
{
    private const long OfBase = -1;
    private const long OfZeros = -2;
    private readonly SafeFileHandle first;
    private readonly SafeFileHandle journal;
    private readonly List<LedgerEntry> entries = [];

    private LedgerHistory(SafeFileHandle first, SafeFileHandle journal) => (this.first, this.journal) = (first, journal);

    /// <summary>Bytes of the disk.</summary>
    public long Length { get; private set; }

    public IReadOnlyList<LedgerEntry> Entries => entries;

    /// <param name="firstPath">The image before the first entry.</param>
    /// <param name="count">Entries to read: what <see cref="LedgerDisk.SettleAsync"/> said.</param>
    public static LedgerHistory Open(string firstPath, string journalPath, long count)
    {
        var history = new LedgerHistory(File.OpenHandle(firstPath), File.OpenHandle(journalPath, share: FileShare.ReadWrite));
        try
        {
            history.Load(count);
            return history;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            history.Dispose();
            throw;
        }
    }

    /// <summary>SHA-256 of the whole disk after the first <paramref name="prefix"/> entries.</summary>
    public string HashAt(long prefix)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var places = PlacesAt(prefix);
        var block = new byte[Block.Size];
        for (var i = 0; i < places.Length; i++)
        {
            if (places[i] == OfZeros) Array.Clear(block);
            else if (places[i] == OfBase) ReadExactly(first, block, (long)i * Block.Size);
            else ReadExactly(journal, block, places[i]);
            hash.AppendData(block);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>All prefixes whose content is exactly this image, as runs; none when it was never the disk's content.</summary>
    public IReadOnlyList<PrefixRun> Matching(string imagePath)
    {
        using var image = File.OpenHandle(imagePath);
        if (RandomAccess.GetLength(image) != Length) return [];
        var walk = new MismatchWalk(image, Length);
        walk.Begin(first);
        var runs = new List<PrefixRun>();
        long? since = walk.Mismatches == 0 ? 0 : null;
        foreach (var entry in entries)
        {
            if (entry.Kind == LedgerKind.Flush) continue;
            walk.Apply(entry, journal);
            if (walk.Mismatches == 0) since ??= entry.Sequence + 1;
            else if (since is { } from)
            {
                runs.Add(Run(from, entry.Sequence));
                since = null;
            }
        }

        if (since is { } open) runs.Add(Run(open, entries.Count));
        return runs;
    }

    public void Dispose()
    {
        first.Dispose();
        journal.Dispose();
    }

    internal static void ReadExactly(SafeFileHandle file, Span<byte> into, long offset)
    {
        for (var done = 0; done < into.Length;)
        {
            var count = RandomAccess.Read(file, into[done..], offset + done);
            if (count == 0) throw new InvalidDataException("The file ends early.");
            done += count;
        }
    }

    private PrefixRun Run(long from, long to) =>
        new(from, to, from == 0 ? null : entries[(int)from - 1].At, to == entries.Count ? null : entries[(int)to].At);

    /// <summary>For each block, where its content of that moment lies.</summary>
    private long[] PlacesAt(long prefix)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefix, entries.Count);
        var places = new long[Length / Block.Size];
        Array.Fill(places, OfBase);
        foreach (var entry in entries.Take((int)prefix))
        {
            for (var at = 0L; at < entry.Length; at += Block.Size)
                places[(entry.Offset + at) / Block.Size] = entry.Kind == LedgerKind.Zero ? OfZeros : entry.DataAt + at;
        }

        return places;
    }

    private void Load(long count)
    {
        Span<byte> head = stackalloc byte[Journal.EntryBytes];
        ReadExactly(journal, head[..Journal.HeadBytes], 0);
        Length = Journal.ReadHead(head);
        if (RandomAccess.GetLength(first) != Length) throw new InvalidDataException("The journal belongs to a disk of another length.");
        var at = (long)Journal.HeadBytes;
        for (var i = 0L; i < count; i++)
        {
            ReadExactly(journal, head, at);
            at += Journal.EntryBytes;
            var entry = Journal.Read(head, i, Length, at);
            entries.Add(entry);
            if (entry.Kind == LedgerKind.Write) at += entry.Length;
        }
    }
}
