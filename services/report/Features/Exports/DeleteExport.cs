using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Report.Features.Exports;

/// <summary>Removes an export and its file; one that is being made ends without one.</summary>
internal static class DeleteExport
{
    public static void Map(RouteGroupBuilder exports) =>
        exports.MapDelete("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp())
            .WithName("report.exports.delete")
            .Produces(StatusCodes.Status204NoContent)
            .RequirePermission(Permissions.ReportsRun);

    internal sealed class Handler(ReportDb db, ExportFiles files, CallContext call)
    {
        public async Task<Result<Done>> HandleAsync(Guid id, CancellationToken ct)
        {
            call.Record?.Concerns("export", id, null);
            if (await db.Exports.SingleOrDefaultAsync(e => e.Id == id, ct) is not { } export) return ExportRow.NotFound;
            call.Record?.Concerns("export", id, ExportRow.DownloadName(export));
            db.Exports.Remove(export);
            await db.SaveChangesAsync(ct);
            // The row first: a crash here leaves a file without a row, which the hourly sweep removes.
            files.Remove(export);
            return Done.Instance;
        }
    }
}
