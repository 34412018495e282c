using System.IO.Hashing;
using HyperBdr.Demo.Ledger;
using HyperBdr.Engine.Blocks;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>Finds at which prefixes of a journal a disk had a given content, in one pass over the journal however many contents are asked for.</summary>
/// <remarks>A state is the exclusive or of a hash for each block with its number, so that a write costs its own blocks only. What it finds
/// is compared by SHA-256 afterwards.</remarks>
internal sealed class LedgerIndex : IDisposable
{
    private readonly string firstPath;
    private readonly string journalPath;
    private readonly SafeFileHandle journal;
    private readonly UInt128[] blocks;
    private readonly Dictionary<UInt128, List<long>> prefixes = [];
    private readonly byte[] content = new byte[Block.Size];
    private UInt128 state;
    private long done;

    public LedgerIndex(string firstPath, string journalPath)
    {
        (this.firstPath, this.journalPath) = (firstPath, journalPath);
        journal = File.OpenHandle(journalPath, share: FileShare.ReadWrite);
        blocks = HashesOf(firstPath);
        foreach (var hash in blocks) state ^= hash;
        prefixes[state] = [0];
    }

    /// <summary>Entries that were read.</summary>
    public long Count => done;

    public void Read(long count)
    {
        using var history = LedgerHistory.Open(firstPath, journalPath, count);
        foreach (var entry in history.Entries.Skip((int)done))
        {
            Apply(entry);
            done = entry.Sequence + 1;
            if (!prefixes.TryGetValue(state, out var list)) prefixes[state] = list = [];
            list.Add(done);
        }
    }

    /// <summary>Prefixes at which the disk was what the image is.</summary>
    public IReadOnlyList<long> Matching(string imagePath)
    {
        UInt128 image = 0;
        foreach (var hash in HashesOf(imagePath)) image ^= hash;
        return prefixes.GetValueOrDefault(image) ?? [];
    }

    public void Dispose() => journal.Dispose();

    private void Apply(in LedgerEntry entry)
    {
        for (var at = 0L; at < entry.Length; at += Block.Size)
        {
            if (entry.Kind == LedgerKind.Write) RandomAccess.Read(journal, content, entry.DataAt + at);
            else Array.Clear(content);
            var number = (entry.Offset + at) / Block.Size;
            var hash = HashOf(number, content);
            state ^= blocks[number] ^ hash;
            blocks[number] = hash;
        }
    }

    private static UInt128[] HashesOf(string path)
    {
        using var file = File.OpenHandle(path);
        var hashes = new UInt128[RandomAccess.GetLength(file) / Block.Size];
        var piece = new byte[256 * Block.Size];
        for (var number = 0L; number < hashes.Length; number += 256)
        {
            var count = RandomAccess.Read(file, piece, number * Block.Size) / Block.Size;
            for (var i = 0; i < count; i++) hashes[number + i] = HashOf(number + i, piece.AsSpan(i * Block.Size, Block.Size));
        }

        return hashes;
    }

    private static UInt128 HashOf(long number, ReadOnlySpan<byte> block) => XxHash128.HashToUInt128(block, number);
}
