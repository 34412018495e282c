using System.Security.Cryptography;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using HyperBdr.Agents.Commands;
using HyperBdr.Capture;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Engine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Sync;
using HyperBdr.LinuxAgent.Layout;
using HyperBdr.LinuxAgent.Settings;
using HyperBdr.LinuxAgent.State;
using Microsoft.Extensions.Logging;
using WriteSession = HyperBdr.Engine.Repositories.WriteSession;

namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>Does StartSync: opens what the console lent, takes a consistent point of the disks and publishes it.</summary>
/// <remarks>Done again after a kill it goes on from what is stored: the repository knows every chunk that an index object names, and a point that was
/// published already is found by the session's id, so that one session makes one point.</remarks>
internal sealed partial class DiskSyncer(AgentPaths paths, AgentSettingsStore settings, Func<ECDiffieHellman> openReader, Inventory.MachineInventory machine, DiskTracking tracking, SyncSlot slot, StateCache cache, ReadLimit readLimit, TimeProvider time, ILogger log)
{
    private const string SessionTag = "session";
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndingSync = TimeSpan.FromSeconds(15);

    public async Task<CommandResult> RunAsync(CommandRun run, CancellationToken ct)
    {
        var order = run.Command.StartSync;
        using var active = await slot.TryEnterAsync(run.Id, EndingSync, ct);
        if (active is null) return run.Failed(SyncCodes.Busy, "Another sync of this machine is running.");
        IReadOnlyList<string> devices = [];
        var begun = time.GetTimestamp();
        try
        {
            if (active.IsStopped) throw new OperationCanceledException();
            var disks = Disks(order);
            devices = [.. disks.Select(d => d.Device)];
            cache.SyncBegan(run.Id, disks);
            await File.WriteAllTextAsync(paths.ProtectType, "object\n", ct);
            Began(log, run.Id, run.Resumed ? "again" : "", disks.Count);
            var result = await SyncAsync(run, active, disks);
            result.DurationUs = (long)time.GetElapsedTime(begun).TotalMicroseconds;
            cache.SyncEnded(run.Id, disks, "done", result.PointId);
            Ended(log, run.Id, result.PointId, result.ReadBytes, result.SentBytes);
            var ok = run.Ok();
            ok.Sync = result;
            return ok;
        }
        catch (Exception e) when (active.IsStopped && !ct.IsCancellationRequested && e is OperationCanceledException or EngineException)
        {
            return Failed(run, new SyncFailure(SyncCodes.Stopped, "The sync was stopped by an operator; the next one goes on from what is stored."));
        }
        catch (EngineException e) when (ct.IsCancellationRequested)
        {
            // The service ends: what broke on the way out is no result. The next start does the command again, from what is stored.
            throw new OperationCanceledException("The agent ends.", e, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is not OutOfMemoryException)
        {
            return Failed(run, FaultReading.Of(e, devices));
        }
    }

    private CommandResult Failed(CommandRun run, SyncFailure failure)
    {
        cache.SyncEnded(run.Id, [], failure.Code, null);
        Broke(log, failure.InnerException, run.Id, failure.Code, failure.Message);
        return run.Failed(failure.Code, failure.Message);
    }

    private List<Disk> Disks(StartSync order)
    {
        var excluded = order.ExcludedDiskIds.Concat(settings.ExcludedDiskIds).ToHashSet(StringComparer.Ordinal);
        var disks = machine.Disks(excluded.Contains).Where(d => !d.Excluded).ToList();
        return disks.Count > 0 ? disks : throw new SyncFailure(SyncCodes.NoDisk, "No disk of this machine is left to be synchronised: all are excluded or gone.");
    }

    private SessionSecret Unseal(StartSync order)
    {
        try
        {
            using var reader = openReader();
            return SessionSecret.Parser.ParseFrom(SealedToMachine.Open(reader, $"session/{order.TaskId}", order.SealedSession.Span));
        }
        catch (Exception e) when (e is CryptographicException or InvalidProtocolBufferException)
        {
            throw new SyncFailure(SyncCodes.SessionUnreadable, "The access to storage that the console sent is not sealed to this machine: it may have been enrolled anew since.", e);
        }
    }

    private async Task<SyncResult> SyncAsync(CommandRun run, ActiveSync active, List<Disk> disks)
    {
        var (order, config, ct) = (run.Command.StartSync, settings.Config, active.Ending);
        var secret = Unseal(order);
        using var pool = PoolStore.Open(secret.Store, config, time);
        active.Attach(pool, order.LimitBitsPerSecond);
        await pool.CheckClockAsync(time, ct);
        using var key = KeyText.Parse(secret.RepositoryKey);
        await using var repository = await Repository.OpenAsync(pool.Store, key, config.IndexPath, time, ct);
        var points = await repository.ListPointsAsync(ct);
        if (points.FirstOrDefault(p => p.Holds && p.Point?.Tags.GetValueOrDefault(SessionTag) == secret.SessionId) is { } published) return ResultOf(published);
        var (parent, whyFull) = ParentOf(secret, points);
        var request = new WriteRequest(secret.HostName)
        {
            Parent = parent,
            Options = MemoryGuard.Fit(config.SyncOptions(settings.CpuPercent / 100.0)) with { ReadLimit = readLimit },
            Tags = new Dictionary<string, string> { [SessionTag] = secret.SessionId, ["task"] = order.TaskId, ["host"] = order.HostId },
        };
        await using var session = await repository.BeginWriteAsync(request, ct);
        return await CaptureAsync(new Work(run, order, pool, session, disks, whyFull), ct);
    }

    private sealed record Work(CommandRun Run, StartSync Order, PoolStore Pool, WriteSession Session, List<Disk> Disks, string WhyFull);

    private async Task<SyncResult> CaptureAsync(Work work, CancellationToken ct)
    {
        var tracker = await tracking.ForAsync([.. work.Disks.Select(d => new TrackedDisk(d.Id, d.Device))], ct);
        var report = new SyncReport(work.Run.Id, work.Disks, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var reporting = ReportAsync(work, report, ended.Token);
        try
        {
            var request = new CaptureRequest
            {
                Tracker = tracker,
                FullCompare = work.Session.Parent is null,
                Hooks = HooksOf(work.Order),
                Spool = new SpoolOptions { MemoryBytes = 32 << 20, Folder = paths.Spool },
                Time = time,
            };
            var disks = work.Disks.Select(d => new CaptureDisk(d.Id, d.Device)).ToList();
            var captured = await DiskCapture.RunAsync(work.Session, disks, request, new StageReport(report), ct);
            report.Enter("commit");
            var point = await work.Session.CommitAsync(ct);
            tracker?.PointPublished(point);
            return ResultOf(work, captured, point, report.TakenAt);
        }
        finally
        {
            await ended.CancelAsync();
            await reporting;
        }
    }

    private async Task ReportAsync(Work work, SyncReport report, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Between, time);
        try
        {
            do work.Run.Report(report.Now(work.Session.Progress, work.Pool.SentBytes));
            while (await timer.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException)
        {
            work.Run.Report(report.Now(work.Session.Progress, work.Pool.SentBytes));
        }
    }

    private CaptureHooks? HooksOf(StartSync order)
    {
        var (before, after) = (LocalScript.Find(paths.Scripts, order.PreScript, time), LocalScript.Find(paths.Scripts, order.PostScript, time));
        if (before is null && after is null) return null;
        return new CaptureHooks(ct => RunAsync(before, "pre", order.TaskId, ct), ct => RunAsync(after, "post", order.TaskId, ct), IsRequired: before is not null);
    }

    private async Task RunAsync(LocalScript? script, string when, string taskId, CancellationToken ct)
    {
        if (script is null) return;
        try
        {
            ScriptRan(log, script.Name, when, await script.RunAsync([when, taskId], ct));
        }
        catch (SyncFailure e)
        {
            throw new HookFailedException(e.Message, e);
        }
    }

    private static (PointId? Parent, string WhyFull) ParentOf(SessionSecret secret, IReadOnlyList<PointEntry> points)
    {
        if (secret.ParentPointId.Length == 0) return (null, "");
        var parent = points.FirstOrDefault(p => p.Id.ToString() == secret.ParentPointId);
        return parent is { Point: not null, Holds: true } ? (parent.Id, "") : (null, "the point to compare with is gone or does not hold");
    }

    private static SyncResult ResultOf(Work work, CaptureResult captured, PointId point, DateTimeOffset takenAt)
    {
        var counts = work.Session.Progress;
        var whole = captured.Disks.Where(d => d.WhyFullCompare is not null).Select(d => $"{d.Name}: {d.WhyFullCompare}");
        return new SyncResult
        {
            PointId = point.ToString(),
            Consistency = NameOf(captured.Consistency),
            // What stood in the way of more is what the capture warned of.
            ConsistencyReason = captured.Consistency == Consistency.Application ? "" : string.Join(" ", captured.Warnings.Where(w => w.Code is not "capture.spool.memory_only").Select(w => w.Message)),
            Mode = work.Session.Parent is null ? "full" : "incremental",
            ModeReason = string.Join("; ", work.WhyFull.Length > 0 ? [work.WhyFull] : whole),
            ReadBytes = counts.Statistics.Read,
            SkippedBytes = Math.Max(0, counts.Total - counts.Statistics.Read),
            StoredBytes = counts.Statistics.Stored,
            SentBytes = work.Pool.SentBytes,
            FreezeUs = (long)(captured.FreezeWindow?.TotalMicroseconds ?? 0),
            TakenAt = takenAt.ToTimestamp(),
            Warnings = { captured.Warnings.Select(w => $"{w.Code}: {w.Message}") },
        };
    }

    /// <summary>Of a point that this session published before the agent was killed.</summary>
    private static SyncResult ResultOf(PointEntry published)
    {
        var point = published.Point!;
        return new SyncResult
        {
            PointId = published.Id.ToString(),
            Consistency = NameOf(point.Consistency),
            Mode = point.Parent is null ? "full" : "incremental",
            ReadBytes = point.Statistics.Read,
            SkippedBytes = Math.Max(0, point.Disks.Sum(d => d.Length) - point.Statistics.Read),
            StoredBytes = point.Statistics.Stored,
            SentBytes = point.Statistics.Stored,
            TakenAt = point.TakenAt.ToTimestamp(),
        };
    }

    private static string NameOf(Consistency consistency) => consistency switch { Consistency.Application => "application", Consistency.FileSystem => "file_system", _ => "crash" };

    private sealed class StageReport(SyncReport report) : IProgress<CaptureProgress>
    {
        public void Report(CaptureProgress value) => report.Enter(value.Stage);
    }

    [LoggerMessage(EventId = 8411, Level = LogLevel.Information, Message = "Sync {CommandId} begins {Again} with {Disks} disks")]
    private static partial void Began(ILogger log, string commandId, string again, int disks);

    [LoggerMessage(EventId = 8412, Level = LogLevel.Information, Message = "Sync {CommandId} made point {Point}: read {Read} bytes, sent {Sent}")]
    private static partial void Ended(ILogger log, string commandId, string point, long read, long sent);

    [LoggerMessage(EventId = 8414, Level = LogLevel.Information, Message = "Script {Script} ran as {When}: {Said}")]
    private static partial void ScriptRan(ILogger log, string script, string when, string said);

    [LoggerMessage(EventId = 8413, Level = LogLevel.Warning, Message = "Sync {CommandId} ended without a point: {Code}: {Reason}")]
    private static partial void Broke(ILogger log, Exception? e, string commandId, string code, string reason);
}
