using System.Data.Common;
using HyperBdr.Report.Domain;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Report.Features.Exports;

/// <summary>Works off the exports one after another; as many at a time as there are replicas.</summary>
internal sealed partial class ExportWorker(IServiceScopeFactory scopes, ExportSignal signal, TimeProvider time, ILogger<ExportWorker> log) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RunOneAsync(stoppingToken))
                {
                    // Until none is due.
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The edge of the process: the row keeps its lease, which ends, and the export is taken up again.
                Interrupted(log, e);
            }

            await signal.WaitAsync(Poll, time, stoppingToken);
        }
    }

    private async Task<bool> RunOneAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var run = scope.ServiceProvider.GetRequiredService<RunExport>();
        if (await run.TakeAsync(ct) is not { } export) return false;
        using var owned = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var renewal = RenewAsync(export, owned);
        try
        {
            await run.WriteAsync(export, owned.Token);
        }
        finally
        {
            await owned.CancelAsync();
            await renewal;
        }

        return true;
    }

    /// <summary>Keeps the lease while the work goes on; ends the work when the lease is lost.</summary>
    private async Task RenewAsync(Export export, CancellationTokenSource owned)
    {
        var lease = export.LeaseId;
        using var timer = new PeriodicTimer(Export.Lease / 3, time);
        try
        {
            while (await timer.WaitForNextTickAsync(owned.Token))
            {
                await using var scope = scopes.CreateAsyncScope();
                scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("report", export.TenantId);
                var until = time.GetUtcNow() + Export.Lease;
                var kept = await scope.ServiceProvider.GetRequiredService<ReportDb>().Exports
                    .Where(e => e.Id == export.Id && e.LeaseId == lease)
                    .ExecuteUpdateAsync(set => set.SetProperty(e => e.LeaseUntil, until), owned.Token);
                if (kept == 0) await owned.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (owned.IsCancellationRequested)
        {
            // The work ended.
        }
        catch (Exception e) when (e is DbException or InvalidOperationException)
        {
            Interrupted(log, e);
            await owned.CancelAsync();
        }
    }

    [LoggerMessage(EventId = 4103, Level = LogLevel.Warning, Message = "Exports pause")]
    private static partial void Interrupted(ILogger log, Exception e);
}
