using HyperBdr.Contracts.Security;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Report.Features.Exports;

/// <summary>The tenant's exports, newest first.</summary>
internal static class ListExports
{
    public static void Map(RouteGroupBuilder exports) =>
        exports.MapGet("/", async (int? page, [FromQuery(Name = "page_size")] int? pageSize, Handler handler, CancellationToken ct) =>
                TypedResults.Ok(await handler.HandleAsync(new PageQuery(page, pageSize), ct)))
            .WithName("report.exports.list")
            .RequirePermission(Permissions.ReportsRead);

    internal sealed class Handler(ReportDb db)
    {
        public async Task<Listing<ExportRow>> HandleAsync(PageQuery page, CancellationToken ct)
        {
            var found = await page.OfAsync(db.Exports.AsNoTracking().OrderByDescending(e => e.CreatedAt).ThenByDescending(e => e.Id), ct);
            return new Listing<ExportRow>([.. found.Items.Select(ExportRow.Of)], found.Total, found.Page, found.PageSize);
        }
    }
}
