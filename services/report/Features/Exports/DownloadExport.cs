using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Report.Domain;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Report.Features.Exports;

/// <summary>The file itself.</summary>
internal static class DownloadExport
{
    public static readonly Error NotReady = new(ErrorKind.Conflict, "report.export.not_ready", "This export has no file yet, or it failed.");
    public static readonly Error Expired = new(ErrorKind.NotFound, "report.export.expired", "The file of this export was removed after 7 days; export again.");

    public static void Map(RouteGroupBuilder exports) =>
        exports.MapGet("/{id:guid}/file", async (Guid id, HttpResponse response, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(id, ct)).ToHttp(file =>
                {
                    response.Headers.CacheControl = "no-store";
                    response.Headers.XContentTypeOptions = "nosniff";
                    return TypedResults.PhysicalFile(file.Path, file.Type, file.Name);
                }))
            .WithName("report.exports.download")
            .Produces<FileStream>(StatusCodes.Status200OK, "application/octet-stream")
            .RequirePermission(Permissions.ReportsRead);

    internal sealed record Download(string Path, string Type, string Name);

    internal sealed class Handler(ReportDb db, ExportFiles files, CallContext call)
    {
        public async Task<Result<Download>> HandleAsync(Guid id, CancellationToken ct)
        {
            if (await db.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, ct) is not { } export) return ExportRow.NotFound;
            // The list shows that an export exists; its content is the audit trail, and needs that permission too.
            if (!Permissions.Allows(call.Caller.Role, Permissions.AuditRead)) return CommonErrors.Forbidden;
            if (export.State == ExportState.Expired) return Expired;
            if (export.State != ExportState.Completed || !File.Exists(files.PathOf(export))) return NotReady;
            var type = export.Format == ExportFormat.Csv ? "text/csv; charset=utf-8" : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            return new Download(files.PathOf(export), type, ExportRow.DownloadName(export));
        }
    }
}
