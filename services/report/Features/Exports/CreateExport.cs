using System.ComponentModel.DataAnnotations;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Report.Domain;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Report.Features.Exports;

/// <summary>Asks for a file; the worker makes it.</summary>
internal static class CreateExport
{
    public sealed record Request([Required] string Type, [Required] string Format, DateTimeOffset? From, DateTimeOffset? To, string? TimeZone);

    public sealed record Response(Guid Id);

    public static void Map(RouteGroupBuilder exports) =>
        exports.MapPost("/", async (Request body, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(body, ct)).ToHttp(made => TypedResults.Accepted($"/api/v1/report/exports/{made.Id}", made)))
            .WithName("report.exports.create")
            .Produces<Response>(StatusCodes.Status202Accepted)
            .RequirePermission(Permissions.ReportsRun);

    internal sealed class Handler(ReportDb db, ExportSignal signal, CallContext call, TimeProvider time)
    {
        public async Task<Result<Response>> HandleAsync(Request body, CancellationToken ct)
        {
            if (body.Type != Export.Audit) return Error.Field("type", "One of: audit.");
            if (body.Format is not ("csv" or "xlsx")) return Error.Field("format", "One of: csv, xlsx.");
            if (body.From >= body.To) return Error.Field("to", "Must be later than from.");
            var zone = string.IsNullOrEmpty(body.TimeZone) ? Zones.Default : body.TimeZone;
            if (Zones.Find(zone) is null) return Error.Field("time_zone", "The IANA name of a time zone, such as Europe/Berlin.");
            // Who may not read the trail may not have it exported either.
            if (!Permissions.Allows(call.Caller.Role, Permissions.AuditRead)) return CommonErrors.Forbidden;

            var export = new Export
            {
                Id = Guid.CreateVersion7(),
                TenantId = call.TenantId,
                Type = body.Type,
                Format = body.Format == "csv" ? ExportFormat.Csv : ExportFormat.Xlsx,
                From = body.From?.ToUniversalTime(),
                To = body.To?.ToUniversalTime(),
                TimeZone = zone,
                CreatedBy = call.Caller.Name,
                CreatedAt = time.GetUtcNow(),
            };
            db.Exports.Add(export);
            call.Record?.Concerns("export", export.Id, ExportRow.DownloadName(export));
            await db.SaveChangesAsync(ct);
            signal.Raise();
            return new Response(export.Id);
        }
    }
}
