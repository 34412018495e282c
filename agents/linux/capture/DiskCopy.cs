using HyperBdr.Capture.Freezing;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Capture;

/// <summary>Copies disks into a session while the machine works, and again what changed meanwhile.</summary>
internal sealed class DiskCopy(WriteSession session, IReadOnlyList<OpenDisk> disks, CaptureRequest request, IProgress<CaptureProgress> progress)
{
    /// <summary>Full compares within one capture; a tracker that loses writes again and again is given up.</summary>
    private const int MaxGaps = 3;

    private readonly ChangeTracker? tracker = request.Tracker;
    private readonly Dictionary<string, string?> whyFull = new(StringComparer.Ordinal);
    private int gaps;

    /// <summary>Why the writes to the disks are not known; null when they are.</summary>
    public string? Untracked { get; private set; }

    /// <summary>Copies of changes so far.</summary>
    public int Rounds { get; private set; }

    /// <summary>Each disk with what was said of it.</summary>
    public IReadOnlyList<CapturedDisk> Captured => [.. disks.Select(d => new CapturedDisk(d.Disk.Name, d.Length, whyFull.GetValueOrDefault(d.Disk.Name)))];

    private IReadOnlyList<CaptureDisk> Names => [.. disks.Select(d => d.Disk)];

    /// <summary>The first copy, and the rounds until little is left.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        foreach (var disk in disks)
        {
            progress.Report(new CaptureProgress(CaptureStage.Copy, 0, disk.Disk.Name, 0));
            var (changed, why) = tracker?.Begin(disk.Disk.Name, session.Parent, request.FullCompare) ?? (null, "its writes are not followed");
            whyFull[disk.Disk.Name] = why;
            await session.AddDiskAsync(disk.Disk.Name, disk.Source, changed, ct);
        }

        Untracked = tracker is null ? "no tracker was given" : disks.Select(d => tracker.WhyLost(d.Disk.Name)).FirstOrDefault(w => w is not null);
        await CopyChangesAsync(ct);
    }

    /// <summary>Copies what changed, until little is left or the rounds are used up.</summary>
    public async Task CopyChangesAsync(CancellationToken ct)
    {
        var before = long.MaxValue;
        for (var round = 1; round <= request.MaxRounds && Untracked is null; round++)
        {
            var pending = tracker!.PendingBytes(Names);
            // What no longer shrinks will not, however often it is copied.
            if (pending <= request.SmallEnoughBytes || pending > before / 10 * 9) return;
            before = pending;
            await CopyOnceAsync(pending, ct);
        }
    }

    /// <summary>Writes were missed: the disks are compared whole with what the session has, while writes are followed anew.</summary>
    public async Task CompareAllAsync(string why, CancellationToken ct)
    {
        foreach (var disk in disks) await CompareAsync(disk, why, ct);
    }

    /// <summary>Copies ranges of a disk as it is now.</summary>
    public async Task CopyAsync(string name, RangeSet ranges, CancellationToken ct)
    {
        var disk = disks.First(d => d.Disk.Name == name);
        await session.AmendDiskAsync(name, disk.Source, ranges, ct);
    }

    private async Task CopyOnceAsync(long pending, CancellationToken ct)
    {
        Rounds++;
        foreach (var (disk, taken) in disks.Zip(tracker!.Take(Names)))
        {
            progress.Report(new CaptureProgress(CaptureStage.CopyChanges, Rounds, disk.Disk.Name, pending));
            if (taken.Gap is { } gap) await CompareAsync(disk, gap, ct);
            else await session.AmendDiskAsync(disk.Disk.Name, disk.Source, taken.Ranges, ct);
        }
    }

    private async Task CompareAsync(OpenDisk disk, string why, CancellationToken ct)
    {
        whyFull[disk.Disk.Name] = why;
        await disk.Source.VerifyLengthAsync(ct);
        if (++gaps > MaxGaps * disks.Count || tracker!.WhyLost(disk.Disk.Name) is not null)
        {
            Untracked = why;
            return;
        }

        tracker.Begin(disk.Disk.Name, null, full: true);
        await session.AmendDiskAsync(disk.Disk.Name, disk.Source, null, ct);
    }
}
