using System.Collections;
using HyperBdr.Engine.Blocks;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Demo.Ledger;

/// <summary>Goes along a journal and counts the blocks in which the disk of that moment differs from one image.</summary>
internal sealed class MismatchWalk(SafeFileHandle image, long length)
{
    private const int Piece = 1 << 20;
    private readonly BitArray differs = new(checked((int)(length / Block.Size)));
    private readonly byte[] ours = new byte[Piece];
    private readonly byte[] theirs = new byte[Piece];

    public int Mismatches { get; private set; }

    public void Begin(SafeFileHandle first)
    {
        for (var at = 0L; at < length; at += Piece) Compare(first, at, at, Math.Min(Piece, length - at));
    }

    public void Apply(in LedgerEntry entry, SafeFileHandle journal)
    {
        for (var at = 0L; at < entry.Length; at += Piece)
        {
            var some = Math.Min(Piece, entry.Length - at);
            if (entry.Kind == LedgerKind.Write) Compare(journal, entry.DataAt + at, entry.Offset + at, some);
            else Compare(null, 0, entry.Offset + at, some);
        }
    }

    /// <summary>Content of a file, or zeros, against the image at the same place of the disk.</summary>
    private void Compare(SafeFileHandle? content, long contentAt, long diskAt, long count)
    {
        var mine = ours.AsSpan(0, (int)count);
        var other = theirs.AsSpan(0, (int)count);
        if (content is null) mine.Clear();
        else LedgerHistory.ReadExactly(content, mine, contentAt);
        LedgerHistory.ReadExactly(image, other, diskAt);
        for (var at = 0; at < mine.Length; at += Block.Size)
        {
            var block = (int)((diskAt + at) / Block.Size);
            var different = !mine.Slice(at, Block.Size).SequenceEqual(other.Slice(at, Block.Size));
            if (different == differs[block]) continue;
            differs[block] = different;
            Mismatches += different ? 1 : -1;
        }
    }
}
