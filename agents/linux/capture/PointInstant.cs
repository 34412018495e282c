using HyperBdr.Capture.Freezing;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Capture;

/// <summary>Brings the copies of all disks to one moment, as good a one as the machine allows.</summary>
internal sealed class PointInstant(WriteSession session, IReadOnlyList<OpenDisk> disks, CaptureRequest request, IProgress<CaptureProgress> progress, DiskCopy copy)
{
    private const int MaxTries = 3;

    private readonly List<CaptureWarning> warnings = [];
    private long finalBytes;
    private TimeSpan? window;
    private bool areAppsQuiet;

    /// <summary>Ends with the last blocks stored.</summary>
    public async Task<CaptureResult> ReachAsync(CancellationToken ct)
    {
        var consistency = Consistency.Crash;
        var good = false;
        if (copy.Untracked is { } untracked) Warn("capture.tracking.none", $"The point is one scan of disks that were written meanwhile: {untracked}.");
        else (good, consistency) = await TryAsync(ct);
        if (!good) session.MarkInstant(Consistency.Crash);
        // Also where it is not of one moment: what was written after it was read is in no take yet.
        if (copy.Untracked is null) request.Tracker!.Cut([.. disks.Select(d => d.Disk)]);
        return new CaptureResult(consistency, good, window, copy.Rounds, finalBytes, copy.Captured, warnings);
    }

    private async Task<(bool Good, Consistency Consistency)> TryAsync(CancellationToken ct)
    {
        var systems = request.Freeze ? MountedFileSystem.On([.. disks.Select(d => d.Device)]) : [];
        for (var attempt = 0; attempt < MaxTries && copy.Untracked is null; attempt++)
        {
            if (attempt > 0) await copy.CopyChangesAsync(ct);
            progress.Report(new CaptureProgress(CaptureStage.Quiesce, copy.Rounds, "", request.Tracker!.PendingBytes([.. disks.Select(d => d.Disk)])));
            using var spool = new Spool(request.Spool, WithFile(systems));
            var outcome = await QuiescedAsync(() => ReadLastAsync(systems, spool, ct), ct);
            await StoreAsync(outcome, spool, ct);
            if (outcome.IsGood) return (true, Judge(outcome));
            if (copy.Untracked is not null || outcome.WhyNotFrozen is not null) systems = [];
        }

        Warn("capture.not_one_instant", copy.Untracked is { } why
            ? $"Writes were missed while the disks were copied: {why}. Blocks are of the time when each was read."
            : "The disks were written faster than their last changes were read. Blocks are of the time when each was read.");
        return (false, Consistency.Crash);
    }

    private Consistency Judge(LastReadOutcome outcome)
    {
        var consistency = !outcome.WasFrozen ? Consistency.Crash : areAppsQuiet ? Consistency.Application : Consistency.FileSystem;
        session.MarkInstant(consistency, request.Time.GetElapsedTime(outcome.Instant));
        return consistency;
    }

    private bool WithFile(IReadOnlyList<MountedFileSystem> systems)
    {
        if (request.Spool.Folder is not { } folder) return false;
        // A write to a frozen file system would wait for the thaw, which would wait for it. Subvolumes of btrfs cannot be told apart from outside.
        if (systems.All(s => !s.Holds(folder) && s.Kind != "btrfs") && !disks.Any(d => IsBelow(folder, d))) return true;
        Warn("capture.spool.memory_only", $"{folder} may be on a disk of the point: the spool is in memory only.");
        return false;
    }

    private static bool IsBelow(string folder, OpenDisk disk) => MountedFileSystem.On([disk.Device]).Any(s => s.Holds(folder));

    // The second hook runs whatever happens after the first was called.
    private async Task<LastReadOutcome> QuiescedAsync(Func<Task<LastReadOutcome>> read, CancellationToken ct)
    {
        areAppsQuiet = false;
        if (request.Hooks is not { } hooks) return await read();
        try
        {
            await TryHookAsync(hooks, ct);
            return await read();
        }
        finally
        {
            await ResumeAsync(hooks);
        }
    }

    private async Task TryHookAsync(CaptureHooks hooks, CancellationToken ct)
    {
        try
        {
            await hooks.QuiesceAsync(ct);
            areAppsQuiet = true;
        }
        catch (HookFailedException e) when (!hooks.IsRequired)
        {
            Warn("capture.hooks.failed", $"The applications were not quiesced: {e.Message}");
        }
    }

    private async Task ResumeAsync(CaptureHooks hooks)
    {
        try
        {
            await hooks.ResumeAsync(CancellationToken.None);
        }
        catch (HookFailedException e)
        {
            Warn("capture.hooks.not_resumed", $"The applications may still be quiesced: {e.Message}");
        }
    }

    private async Task<LastReadOutcome> ReadLastAsync(IReadOnlyList<MountedFileSystem> systems, Spool spool, CancellationToken ct)
    {
        using var freeze = systems.Count == 0 ? null : TryOpen(systems);
        using var watchdog = freeze is null ? null : await TryGuardAsync(freeze, systems, ct);
        // Without a guard there is no freeze: a machine whose file systems stay frozen is lost.
        var outcome = await EndAsync(watchdog is null ? null : freeze, spool);
        watchdog?.Release();
        foreach (var place in freeze?.NotFreezable ?? []) Warn("capture.freeze.unsupported", $"The file system at {place} cannot be frozen; it was written out, and not written in the window.");
        return outcome;
    }

    private FileSystemFreeze? TryOpen(IReadOnlyList<MountedFileSystem> systems)
    {
        try
        {
            return new FileSystemFreeze(systems);
        }
        catch (IOException e)
        {
            Warn("capture.freeze.refused", $"The file systems were not frozen: {e.Message}.");
            return null;
        }
    }

    private async Task<FreezeWatchdog?> TryGuardAsync(FileSystemFreeze freeze, IReadOnlyList<MountedFileSystem> systems, CancellationToken ct)
    {
        await Task.Run(freeze.Sync, ct);
        try
        {
            // The outer file system first: while it is frozen, one inside it cannot write what a thaw may have to.
            return await FreezeWatchdog.StartAsync(systems.Reverse().Select(s => s.MountPoint), request.FreezeTimeout, ct);
        }
        catch (IOException e)
        {
            Warn("capture.freeze.refused", $"The file systems were not frozen: {e.Message}.");
            return null;
        }
    }

    private async Task<LastReadOutcome> EndAsync(FileSystemFreeze? freeze, Spool spool)
    {
        var outcome = await new LastRead(request.Tracker!, disks, spool, request).RunAsync(freeze);
        window = outcome.Window ?? window;
        finalBytes = spool.UsedBytes;
        return outcome;
    }

    // Whatever was read is stored, also after a try that failed: the tracker counts it as read.
    private async Task StoreAsync(LastReadOutcome outcome, Spool spool, CancellationToken ct)
    {
        progress.Report(new CaptureProgress(CaptureStage.Store, copy.Rounds, "", spool.UsedBytes));
        foreach (var disk in disks)
        {
            var name = disk.Disk.Name;
            await session.AmendDiskAsync(name, new SpooledSource(spool, name, disk.Length), spool.Has(name), ct);
            if (outcome.Unread.TryGetValue(name, out var unread)) await copy.CopyAsync(name, unread, ct);
        }

        if (outcome.WhyNotFrozen is { } why) Warn("capture.freeze.refused", $"The file systems were not frozen: {why}.");
        if (!outcome.FreezeHeld) Warn("capture.freeze.broken", "The file systems were thawed before the last blocks were read: the time limit passed, or somebody thawed them.");
        if (outcome.IsFull) Warn("capture.spool.full", $"More than {spool.CapacityBytes} bytes changed between the last copy and the freeze.");
        if (outcome.Gap is { } gap) await copy.CompareAllAsync(gap, ct);
    }

    private void Warn(string code, string message)
    {
        if (!warnings.Exists(w => w.Code == code && w.Message == message)) warnings.Add(new CaptureWarning(code, message));
    }
}
