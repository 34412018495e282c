using HyperBdr.Contracts.Errors;
using HyperBdr.Report.Domain;

namespace HyperBdr.Report.Features.Exports;

/// <summary>An export as the API shows it.</summary>
public sealed record ExportRow(
    Guid Id, string Type, ExportFormat Format, ExportState State, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? From, DateTimeOffset? To, string TimeZone,
    long? Rows, long? SizeBytes, string? FileName, string? Error, DateTimeOffset? FinishedAt)
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "report.export.not_found", "No such export.");

    public static ExportRow Of(Export e) => new(
        e.Id, e.Type, e.Format, e.State, e.CreatedBy, e.CreatedAt, e.From, e.To, e.TimeZone,
        e.Rows, e.SizeBytes, e.State == ExportState.Completed ? DownloadName(e) : null, e.Error, e.FinishedAt);

    /// <summary>What a browser saves it as.</summary>
    public static string DownloadName(Export e) => $"{e.Type}-{e.CreatedAt.UtcDateTime:yyyyMMdd-HHmmss}Z-{e.Id.ToString()[^8..]}.{e.Extension}";
}
