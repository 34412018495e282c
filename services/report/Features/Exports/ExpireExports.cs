using System.Data.Common;
using HyperBdr.Report.Domain;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.IO;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Report.Features.Exports;

/// <summary>Removes files after 7 days, and files that no row knows (a crash between row and file).</summary>
internal sealed partial class ExpireExports(IServiceScopeFactory scopes, ExportFiles files, TimeProvider time, ILogger<ExpireExports> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception e) when (e is DbException or DbUpdateException or InvalidOperationException or IOException && !stoppingToken.IsCancellationRequested)
            {
                Postponed(log, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task RunAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var before = now - Export.KeptFor;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var due = await scope.ServiceProvider.GetRequiredService<ReportDb>().Exports.IgnoreQueryFilters().AsNoTracking()
                .Where(e => e.State == ExportState.Completed && e.FinishedAt < before).ToListAsync(ct);
            foreach (var export in due) await ExpireAsync(export, ct);
        }

        await SweepAsync(now - Period, ct);
    }

    private async Task ExpireAsync(Export export, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("report", export.TenantId);
        var db = scope.ServiceProvider.GetRequiredService<ReportDb>();
        if (await db.Exports.SingleOrDefaultAsync(e => e.Id == export.Id, ct) is not { State: ExportState.Completed } row) return;
        row.Expire();
        await db.SaveChangesAsync(ct);
        files.Remove(row);
    }

    private async Task SweepAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ReportDb>();
        foreach (var (path, id) in files.OlderThan(before))
        {
            if (await db.Exports.IgnoreQueryFilters().AnyAsync(e => e.Id == id && (e.State == ExportState.Completed || e.State == ExportState.Exporting), ct)) continue;
            DurableFile.Delete(path);
        }
    }

    [LoggerMessage(EventId = 4104, Level = LogLevel.Warning, Message = "Removing expired exports waits an hour: {Reason}")]
    private static partial void Postponed(ILogger log, string reason);
}
