using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Report.Features.Exports;

/// <summary>One export.</summary>
internal static class GetExport
{
    public static void Map(RouteGroupBuilder exports) =>
        exports.MapGet("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp())
            .WithName("report.exports.get")
            .Produces<ExportRow>()
            .RequirePermission(Permissions.ReportsRead);

    internal sealed class Handler(ReportDb db)
    {
        public async Task<Result<ExportRow>> HandleAsync(Guid id, CancellationToken ct) =>
            await db.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, ct) is { } export ? ExportRow.Of(export) : ExportRow.NotFound;
    }
}
