using System.Runtime.InteropServices;

namespace HyperBdr.Demo.Ledger;

/// <summary>What happened to a disk. The numbers stand in journals.</summary>
public enum LedgerKind : byte
{
    Write = 1,
    Zero = 2,
    Flush = 3,
}

/// <summary>One line of a disk's journal.</summary>
/// <param name="Sequence">0, 1, 2, …: the disk after the first n entries is its <em>prefix</em> n.</param>
/// <param name="At">When the disk took it, by the clock outside of the guest.</param>
/// <param name="Offset">In bytes, whole blocks.</param>
/// <param name="Length">In bytes; 0 for a flush.</param>
/// <param name="DataAt">Where the journal holds what was written.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LedgerEntry(long Sequence, DateTimeOffset At, LedgerKind Kind, long Offset, long Length, long DataAt);
