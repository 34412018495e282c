using System.Runtime.ExceptionServices;
using HyperBdr.Capture.Tracking;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Capture.Freezing;

/// <summary>Reads the last changes of all disks until a moment is reached at which everything read is as on the disks, all at once.</summary>
/// <remarks>Runs on a thread of its own from begin to end: while file systems are frozen, any other thread may hang in a write to one of them.</remarks>
internal sealed class LastRead(ChangeTracker tracker, IReadOnlyList<OpenDisk> disks, Spool spool, CaptureRequest request)
{
    private const int Readers = 8, PieceBytes = 256 * 1024, TriesUnfrozen = 40, TriesFrozen = 4;

    private static readonly TimeSpan LongestUnfrozen = TimeSpan.FromSeconds(5);
    private readonly Dictionary<string, RangeSet> unread = new(StringComparer.Ordinal);
    private bool isFull;
    private string? gap;

    /// <param name="freeze">What to freeze; null: nothing.</param>
    public Task<LastReadOutcome> RunAsync(FileSystemFreeze? freeze) =>
        Task.Factory.StartNew(() => Run(freeze), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private LastReadOutcome Run(FileSystemFreeze? freeze)
    {
        var begin = request.Time.GetTimestamp();
        var why = freeze?.TryFreeze();
        var wasFrozen = freeze is { IsFrozen: true };
        var (quiet, held) = (false, true);
        long instant;
        try
        {
            // A freeze that was refused is tried again or given up by the caller; nothing is read for it.
            quiet = why is null && (wasFrozen ? ReadUntilQuiet(begin, TriesFrozen, request.FreezeTimeout / 2) : ReadUntilQuiet(begin, TriesUnfrozen, LongestUnfrozen));
            instant = request.Time.GetTimestamp();
            if (quiet) request.AtInstant?.Invoke();
        }
        finally
        {
            if (wasFrozen) held = freeze!.Thaw();
        }

        return new LastReadOutcome(quiet, wasFrozen, held, why, gap, isFull, unread, wasFrozen ? request.Time.GetElapsedTime(begin) : null, instant);
    }

    private bool ReadUntilQuiet(long begin, int tries, TimeSpan longest)
    {
        for (var attempt = 0; attempt < tries; attempt++)
        {
            var taken = tracker.Take([.. disks.Select(d => d.Disk)]);
            gap = taken.FirstOrDefault(t => t.Gap is not null)?.Gap;
            var quiet = attempt > 0 && gap is null && disks.Zip(taken).All(p => p.Second.New.Subtract(p.First.Swap).BlockCount == 0);
            ReadAll(taken);
            if (isFull || gap is not null) return false;
            if (quiet) return true;
            if (request.Time.GetElapsedTime(begin) > longest) return false;
        }

        return false;
    }

    private void ReadAll(IReadOnlyList<TakenChanges> taken)
    {
        var work = new List<(OpenDisk Disk, ByteRange Piece, long Slot)>();
        foreach (var (disk, changes) in disks.Zip(taken))
        {
            foreach (var piece in changes.Ranges.SelectMany(Pieces)) Plan(work, disk, piece);
        }

        var next = -1;
        Exception? failure = null;
        var threads = Enumerable.Range(0, Math.Min(Readers, work.Count)).Select(_ => new Thread(Work) { IsBackground = true, Name = "last read" }).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);

        void Work()
        {
            try
            {
                var bounce = AlignedMemory.Allocate(PieceBytes);
                for (var i = Interlocked.Increment(ref next); i < work.Count; i = Interlocked.Increment(ref next)) Read(work[i], bounce);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Whatever it is: it must reach the thread that thaws, not end the process.
                failure = e;
            }
        }
    }

    private static IEnumerable<ByteRange> Pieces(ByteRange range)
    {
        for (var at = range.Offset; at < range.End; at += PieceBytes) yield return new ByteRange(at, Math.Min(PieceBytes, range.End - at));
    }

    private void Plan(List<(OpenDisk Disk, ByteRange Piece, long Slot)> work, OpenDisk disk, ByteRange piece)
    {
        var slot = spool.Reserve(disk.Disk.Name, piece);
        if (slot >= 0)
        {
            work.Add((disk, piece, slot));
            return;
        }

        isFull = true;
        unread[disk.Disk.Name] = unread.GetValueOrDefault(disk.Disk.Name, RangeSet.Empty).Union(RangeSet.Touching([piece]));
    }

    private void Read((OpenDisk Disk, ByteRange Piece, long Slot) work, Memory<byte> bounce)
    {
        var length = (int)(Block.CountFor(work.Piece.Length) * Block.Size);
        spool.Fill(work.Slot, bounce[..length], into => work.Disk.Source.ReadAsync(work.Piece.Offset, into, CancellationToken.None).AsTask().GetAwaiter().GetResult());
    }
}

/// <summary>How the last read ended.</summary>
/// <param name="IsQuiet">A moment was reached at which everything was read.</param>
/// <param name="WasFrozen">File systems were frozen at it.</param>
/// <param name="FreezeHeld">Nobody thawed them before the end.</param>
/// <param name="WhyNotFrozen">Why the freeze was refused; nothing was read then.</param>
/// <param name="Gap">Why writes may have been missed.</param>
/// <param name="IsFull">The spool could not take everything.</param>
/// <param name="Unread">What did not fit.</param>
/// <param name="Window">From the first freeze to the last thaw.</param>
/// <param name="Instant">Timestamp of the moment.</param>
internal sealed record LastReadOutcome(
    bool IsQuiet, bool WasFrozen, bool FreezeHeld, string? WhyNotFrozen, string? Gap, bool IsFull, IReadOnlyDictionary<string, RangeSet> Unread, TimeSpan? Window, long Instant)
{
    /// <summary>The point is of one moment.</summary>
    public bool IsGood => IsQuiet && FreezeHeld && Gap is null && !IsFull;
}
