using System.Collections.Concurrent;
using System.Data.Common;
using HyperBdr.Ant.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Running;

/// <summary>Claims due tasks of all tenants and runs up to <see cref="WorkerOptions.Slots"/> at once.</summary>
internal sealed partial class Worker(Leases leases, TaskRunner runner, TaskSignal signal, WorkerOptions options, TimeProvider time, ILogger<Worker> log) : BackgroundService
{
    private readonly ConcurrentDictionary<Guid, Run> running = new();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(RepeatAsync(FillAsync, stoppingToken), RepeatAsync(WatchAsync, stoppingToken));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // Steps were cancelled; their tasks stay claimed by a process that is gone and are taken up when the lease ends.
        await Task.WhenAll(running.Values.Select(r => r.Work));
    }

    /// <summary>Fills free slots, then waits for a signal or the next look.</summary>
    private async Task FillAsync(CancellationToken ct)
    {
        var free = Math.Min(options.Slots - running.Values.Count(r => !r.InLongStep), options.Slots + options.LongSlots - running.Count);
        var claims = free > 0 ? await leases.ClaimAsync(free, [.. running.Keys], ct) : [];
        foreach (var claim in claims) Start(claim, ct);
        if (claims.Count < free || free <= 0) await signal.WaitAsync(options.LookEach, time, ct);
    }

    /// <summary>Renews leases and stops the steps of tasks that were aborted or went to another worker.</summary>
    private async Task WatchAsync(CancellationToken ct)
    {
        var renewed = time.GetTimestamp();
        using var timer = new PeriodicTimer(options.LookEach, time);
        while (await timer.WaitForNextTickAsync(ct))
        {
            Run[] held = [.. running.Values];
            if (held.Length == 0) continue;
            var renew = time.GetElapsedTime(renewed) >= options.RenewEach;
            if (renew) renewed = time.GetTimestamp();
            var seen = (await leases.LookAsync([.. held.Select(r => r.Claim.Id)], renew, ct)).ToDictionary(h => h.Id);
            foreach (var run in held)
            {
                if (seen.TryGetValue(run.Claim.Id, out var now) && now.Fence == run.Claim.Fence) continue;
                run.Stop();
            }
        }
    }

    private void Start(Claim claim, CancellationToken ct)
    {
        var run = new Run(claim, CancellationTokenSource.CreateLinkedTokenSource(ct));
        running[claim.Id] = run;
        run.Work = Task.Run(async () =>
        {
            try
            {
                await runner.RunAsync(claim, inLongStep =>
                {
                    run.InLongStep = inLongStep;
                    if (inLongStep) signal.Raise();
                }, run.Token);
            }
            catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
            {
                // The service stops, and the task goes on elsewhere or after the next start; or the task is no longer ours.
                if (!ct.IsCancellationRequested) Lost(log, claim.Id);
            }
            catch (LeaseLostException)
            {
                Lost(log, claim.Id);
            }
            catch (Exception e) when (IsDatabase(e))
            {
                Interrupted(log, claim.Id, e.Message);
                await Task.Delay(options.LookEach, time, CancellationToken.None);
            }
            catch (Exception e)
            {
                // A fault in our own code must not take the other tasks along; the claim is tried again after a pause.
                Broken(log, claim.Id, e);
                await Task.Delay(options.LongestWait, time, CancellationToken.None);
            }
            finally
            {
                running.TryRemove(claim.Id, out _);
                run.Dispose();
                signal.Raise();
            }
        }, CancellationToken.None);
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await work(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (IsDatabase(e))
            {
                Waiting(log, e.Message);
                await Task.Delay(options.LookEach, time, ct);
            }
        }
    }

    private static bool IsDatabase(Exception e) => e is DbException or DbUpdateException or TimeoutException or InvalidOperationException { InnerException: DbException };

    private sealed class Run(Claim claim, CancellationTokenSource source) : IDisposable
    {
        private readonly Lock gate = new();
        private bool over;

        public Claim Claim => claim;

        public CancellationToken Token { get; } = source.Token;

        public volatile bool InLongStep;

        public Task Work { get; set; } = Task.CompletedTask;

        public void Stop()
        {
            lock (gate)
            {
                if (!over) source.Cancel();
            }
        }

        public void Dispose()
        {
            lock (gate)
            {
                over = true;
                source.Dispose();
            }
        }
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Information, Message = "Task {TaskId} was aborted or went to another worker; nothing more is written here")]
    private static partial void Lost(ILogger log, Guid taskId);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Task {TaskId} pauses, the database does not answer: {Reason}")]
    private static partial void Interrupted(ILogger log, Guid taskId, string reason);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Error, Message = "Task {TaskId} met an unexpected fault and is tried again")]
    private static partial void Broken(ILogger log, Guid taskId, Exception e);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Warning, Message = "The worker waits, the database does not answer: {Reason}")]
    private static partial void Waiting(ILogger log, string reason);
}
