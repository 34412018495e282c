using HyperBdr.Capture;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Sync;

namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>Turns the counts of a running sync into what the console shows.</summary>
internal sealed class SyncReport(string commandId, IReadOnlyList<Disk> disks, TimeProvider time)
{
    private readonly SpeedMeter meter = new(time);
    private readonly long lengthOfDisks = disks.Sum(d => d.LengthBytes);
    private volatile string phase = "prepare";
    private long instant = time.GetUtcNow().UtcTicks;

    /// <summary>When the disks were as the point keeps them, as far as this machine's clock knows.</summary>
    public DateTimeOffset TakenAt => new(Interlocked.Read(ref instant), TimeSpan.Zero);

    public void Enter(string name) => phase = name;

    public void Enter(CaptureStage stage)
    {
        if (stage == CaptureStage.Quiesce) Interlocked.Exchange(ref instant, time.GetUtcNow().UtcTicks);
        phase = stage switch { CaptureStage.Quiesce => "freeze", CaptureStage.Store => "store", _ => "transfer" };
    }

    public CommandProgress Now(SyncProgress? counts, long sent)
    {
        var total = Math.Max(lengthOfDisks, counts?.Total ?? 0);
        var done = Math.Min(counts?.Done ?? 0, total);
        var (speed, remaining) = meter.Add(done, total);
        var did = counts?.Statistics ?? new PointStatistics(0, 0, 0, 0, 0);
        var progress = new CommandProgress
        {
            CommandId = commandId,
            Phase = phase,
            TotalBytes = total,
            DoneBytes = done,
            ReadBytes = did.Read,
            SkippedBytes = Math.Max(0, done - did.Read),
            StoredBytes = did.Stored,
            SentBytes = sent,
            BytesPerSecond = speed,
            RemainingS = remaining,
        };
        // Disks are worked on one after the other.
        foreach (var disk in disks)
        {
            var own = Math.Clamp(done, 0, disk.LengthBytes);
            done -= own;
            progress.Disks.Add(new DiskProgress { DiskId = disk.Id, TotalBytes = disk.LengthBytes, DoneBytes = own });
        }

        return progress;
    }
}
