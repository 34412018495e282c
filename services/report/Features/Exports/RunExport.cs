using Grpc.Core;
using HyperBdr.Contracts.Events;
using HyperBdr.Report.Domain;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.IO;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Report.Features.Exports;

/// <summary>One try at one export: file first, then the row that says so. Repeating it gives the same one file.</summary>
internal sealed partial class RunExport(ReportDb db, IOutbox outbox, CallContext call, AuditTable audit, ExportFiles files, TimeProvider time, ILogger<RunExport> log)
{
    /// <summary>Takes the oldest export that is due, or none: no two processes get the same.</summary>
    public async Task<Export?> TakeAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var next = await db.Exports.FromSql($"""
            select *, xmin from exports
            where state = 'Waiting' or (state = 'Exporting' and lease_until < {now})
            order by created_at limit 1 for update skip locked
            """).IgnoreQueryFilters().SingleOrDefaultAsync(ct);
        if (next is null) return null;
        call.Caller = Caller.Service("report", next.TenantId);
        next.Take(Guid.CreateVersion7(), now);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return next;
    }

    /// <summary>Writes the file and settles the row.</summary>
    public async Task WriteAsync(Export export, CancellationToken ct)
    {
        var lease = export.LeaseId;
        try
        {
            files.Prepare(export);
            var rows = 0L;
            await DurableFile.WriteAsync(files.PathOf(export), async (stream, token) =>
            {
                await using var table = export.Format == ExportFormat.Csv ? new CsvTable(stream) : (ITable)new XlsxTable(stream, "Audit");
                rows = await audit.WriteAsync(export, table, token);
                await table.EndAsync(token);
            }, ct);
            var size = new FileInfo(files.PathOf(export)).Length;
            await SettleAsync(export, lease, e => e.Complete(rows, size, time.GetUtcNow()), ct);
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            Postponed(log, export.Id, e.Status.Detail, e);
            await SettleAsync(export, lease, x => Postpone(x, "The audit trail could not be read: its service did not answer."), ct);
        }
        catch (IOException e) when (!ct.IsCancellationRequested)
        {
            Postponed(log, export.Id, e.Message, e);
            await SettleAsync(export, lease, x => Postpone(x, "The file could not be written; is the disk full?"), ct);
        }
    }

    private void Postpone(Export export, string reason)
    {
        if (export.Attempts >= Export.MaxAttempts) export.Fail(reason, time.GetUtcNow());
        else export.TryAgain(time.GetUtcNow());
    }

    /// <summary>Changes the row if this try still owns it; a row that is gone takes its file with it.</summary>
    private async Task SettleAsync(Export export, Guid? lease, Action<Export> change, CancellationToken ct)
    {
        for (var settled = false; !settled;)
        {
            settled = await TrySettleAsync(export, lease, change, ct);
        }
    }

    /// <summary>False when the row changed in between (a renewed lease): look again.</summary>
    private async Task<bool> TrySettleAsync(Export export, Guid? lease, Action<Export> change, CancellationToken ct)
    {
        db.ChangeTracker.Clear();
        var row = await db.Exports.SingleOrDefaultAsync(e => e.Id == export.Id, ct);
        if (row is null) files.Remove(export);
        if (row is null || row.LeaseId != lease)
        {
            LeaseLost(log, export.Id);
            return true;
        }

        change(row);
        if (row.State is ExportState.Completed or ExportState.Failed)
            outbox.Add(new ReportExported(row.Id, row.Type, row.Extension, row.State == ExportState.Completed ? "completed" : "failed", row.Error) { TenantId = row.TenantId, OccurredAt = time.GetUtcNow() });
        try
        {
            await db.SaveChangesAsync(ct);
            return true;
        }
        catch (DbUpdateConcurrencyException)
        {
            return false;
        }
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Warning, Message = "Export {ExportId} is tried again: {Reason}")]
    private static partial void Postponed(ILogger log, Guid exportId, string reason, Exception e);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Warning, Message = "Export {ExportId} was deleted or taken over meanwhile; its row is left alone")]
    private static partial void LeaseLost(ILogger log, Guid exportId);
}
