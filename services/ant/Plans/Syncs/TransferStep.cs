using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Contracts.Porter.V1;
using DiskProgress = HyperBdr.Ant.Domain.DiskProgress;

namespace HyperBdr.Ant.Plans.Syncs;

/// <summary>Sends the machine its command and follows it until its result. Sending it again changes nothing, so the step may run again at any time.</summary>
internal sealed class TransferStep
{
    /// <summary>Porter tells the newest state first; a stream on which nothing was heard for so long is opened anew.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(1);

    private const int LongestDiskList = 256;

    /// <summary>A machine tells its progress every second and beats every few: after so long without either its speed is no fact any more.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(20);

    private const string Registry = "The link to the machines";
    private readonly StepRun run;
    private readonly Guid hostId;
    private readonly SyncOptions options;
    private readonly TimeProvider time;
    private readonly Commands.CommandsClient commands;
    private readonly RateFollowing rate;
    private DateTimeOffset? offlineSince;
    private (TaskProgress Progress, string Text)? untold;
    private TaskProgress? known;
    private DateTimeOffset lastNews;

    private TransferStep(StepRun run)
    {
        this.run = run;
        hostId = Guid.Parse(run.Values[SyncPlan.Host]);
        options = run.Services.GetRequiredService<SyncOptions>();
        time = run.Services.GetRequiredService<TimeProvider>();
        commands = run.Services.GetRequiredService<Commands.CommandsClient>();
        rate = new RateFollowing(run.Services, hostId, run.RunId, run.Values[SyncPlan.Limit]);
        lastNews = time.GetUtcNow();
    }

    public static Task<StepResult> RunAsync(StepRun run, CancellationToken ct) => new TransferStep(run).RunAsync(ct);

    private async Task<StepResult> RunAsync(CancellationToken ct)
    {
        var sent = await Remote.AskAsync(Registry, async () => await commands.SendAsync(await CommandAsync(ct), cancellationToken: ct, deadline: Soon), ct);
        if (sent.IsError) return StepResult.Fail(sent.Error.Code, sent.Error.Message);
        while (true)
        {
            try
            {
                if (await FollowAsync(ct) is { } ended) return ended;
            }
            catch (Exception e) when (!ct.IsCancellationRequested && Remote.IsSilence(e))
            {
                throw new TransientFault(e is RpcException rpc ? $"{Registry} does not answer ({rpc.StatusCode}); the machine goes on meanwhile" : $"{Registry} does not answer", e);
            }
        }
    }

    private DateTime Soon => time.GetUtcNow().AddSeconds(30).UtcDateTime;

    private async Task<SendCommandRequest> CommandAsync(CancellationToken ct)
    {
        var start = new StartSync
        {
            TaskId = run.RunId.ToString(),
            HostId = hostId.ToString(),
            SealedSession = ByteString.FromBase64(run.Values[SyncPlan.Sealed]),
            Mode = run.Values[SyncPlan.ActualMode],
            LimitBitsPerSecond = await rate.BeginAsync(ct),
        };
        start.ExcludedDiskIds.AddRange(run.Values[SyncPlan.Excluded].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var expires = time.GetUtcNow() + options.CommandLife;
        return new SendCommandRequest { MachineId = hostId.ToString(), Command = new Command { Id = run.RunId.ToString(), ExpiresAt = expires.ToTimestamp(), StartSync = start } };
    }

    /// <returns>Null when the stream ended without a result: it is to be opened again.</returns>
    private async Task<StepResult?> FollowAsync(CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var call = commands.Watch(new WatchCommandRequest { CommandId = run.RunId.ToString() }, cancellationToken: over.Token);
        try
        {
            var heard = time.GetTimestamp();
            var next = call.ResponseStream.MoveNext(over.Token);
            // What a new stream begins with is what was known before.
            var isNews = false;
            while (true)
            {
                if (await Task.WhenAny(next, Task.Delay(options.LookEach, time, over.Token)) == next)
                {
                    if (!await next) return null;
                    heard = time.GetTimestamp();
                    if (isNews) lastNews = time.GetUtcNow();
                    isNews = true;
                    if (Heard(call.ResponseStream.Current) is { } ended) return ended;
                    next = call.ResponseStream.MoveNext(over.Token);
                }

                ct.ThrowIfCancellationRequested();
                TellSilence();
                // The newest is told even when nothing follows it.
                if (untold is { } news && await run.Report(news.Progress, news.Text, ct)) untold = null;
                await rate.LookAsync(commands, ct);
                if (IsAwayTooLong) return StepResult.Fail(ProtectedHost.Offline.Code, $"The host was offline for more than {options.OfflineLimit.TotalMinutes:0.#} minutes during the transfer. What it sent is kept; the next sync goes on from there.");
                if (time.GetElapsedTime(heard) > LongestSilence) return null;
            }
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    private bool IsAwayTooLong => offlineSince is { } since && time.GetUtcNow() - since > options.OfflineLimit;

    private StepResult? Heard(CommandUpdate update)
    {
        offlineSince = update.Connected ? null : offlineSince ?? time.GetUtcNow();
        if (update.Result is { } result) return result.Ok ? Passed(result.Sync ?? new SyncResult()) : StepResult.Fail(result.Code.Length == 0 ? "agent.sync.failed" : result.Code, result.Message);
        if (update.State == "expired") return StepResult.Fail("ant.sync.expired", "The command did not reach the machine in time.");
        var progress = ProgressOf(update.Progress ?? new CommandProgress { Phase = update.State });
        if (!update.Connected) progress = progress.AtRest();
        known = progress;
        untold = (progress, TextOf(progress, update.Connected));
        return null;
    }

    /// <summary>A machine behind a cut cable is connected until somebody notices; its last speed must not stand there meanwhile.</summary>
    private void TellSilence()
    {
        var silence = time.GetUtcNow() - lastNews;
        if (silence < Fresh || offlineSince is not null || known is not { } last) return;
        untold = (last.AtRest(), $"Nothing was heard of the host for {silence.TotalSeconds:0} s; {last.Percent}% were done. It goes on as soon as it is back.");
    }

    private TaskProgress ProgressOf(CommandProgress p) => new(
        p.Phase, p.TotalBytes <= 0 ? 0 : (int)Math.Clamp((double)p.DoneBytes / p.TotalBytes * 100, 0, 99),
        p.TotalBytes, p.DoneBytes, p.ReadBytes, p.SkippedBytes, p.StoredBytes, p.SentBytes, p.BytesPerSecond, p.RemainingS, time.GetUtcNow())
    {
        Disks = p.Disks.Count == 0 ? null : [.. p.Disks.Take(LongestDiskList).Select(d => new DiskProgress(d.DiskId, d.TotalBytes, d.DoneBytes))],
    };

    private static string TextOf(TaskProgress p, bool connected)
    {
        if (!connected) return $"The host is offline; {p.Percent}% were done. It goes on as soon as it is back.";
        if (p.TotalBytes == 0) return p.Phase.Length == 0 ? "Waiting for the host." : $"The host is in phase {p.Phase}.";
        var left = p.RemainingS > 0 ? $"{TimeSpan.FromSeconds(p.RemainingS):c} left" : "time left -";
        return $"{p.Percent}% of {Bytes.Text(p.TotalBytes)}, {Bytes.Text(p.BytesPerSecond)}/s, {left}.";
    }

    private static string Consistent(SyncResult sync) => sync.ConsistencyReason.Length == 0 ? $"{sync.Consistency} consistent" : $"{sync.Consistency} consistent, because: {sync.ConsistencyReason.TrimEnd('.')}";

    private static StepResult Passed(SyncResult sync)
    {
        if (sync.PointId.Length == 0) return StepResult.Fail("agent.sync.no_point", "The host says that it is done and names no recovery point.");
        return StepResult.Pass(
            $"{Bytes.Text(sync.ReadBytes)} read, {Bytes.Text(sync.SentBytes)} sent, {Bytes.Text(sync.StoredBytes)} stored; file systems stood still for {sync.FreezeUs / 1000} ms at most; {Consistent(sync)}.",
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [SyncPlan.Point] = sync.PointId,
                [SyncPlan.DoneMode] = sync.Mode.Length == 0 ? SyncModes.Full : sync.Mode,
                [SyncPlan.Note] = sync.ModeReason,
                [SyncPlan.Outcome] = SyncOutcome.Of(sync).ToText(),
            });
    }
}
