using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Contracts.Owl.V1;
using HyperBdr.Report.Domain;

namespace HyperBdr.Report.Features.Exports;

/// <summary>The tenant's audit trail as a table, read from owl as a stream.</summary>
internal sealed class AuditTable(AuditTrail.AuditTrailClient owl)
{
    /// <summary>Writes heading and rows; returns the number of rows.</summary>
    public async Task<long> WriteAsync(Export export, ITable table, CancellationToken ct)
    {
        var zone = Zones.Find(export.TimeZone) ?? throw new InvalidOperationException($"no time zone {export.TimeZone}");
        await table.AddAsync(["Sequence", $"Occurred at ({export.TimeZone})", "Kind", "Action", "Outcome", "Actor", "Resource type", "Resource name", "Source IP", "Detail", "Id", "Hash"], ct);
        var request = new ReadAuditRequest
        {
            From = export.From is { } from ? Timestamp.FromDateTimeOffset(from) : null,
            To = export.To is { } to ? Timestamp.FromDateTimeOffset(to) : null,
        };
        using var stream = owl.Read(request, cancellationToken: ct);
        var rows = 0L;
        await foreach (var e in stream.ResponseStream.ReadAllAsync(ct))
        {
            await table.AddAsync([e.Sequence, Cells.Time(e.OccurredAt.ToDateTimeOffset(), zone), e.Kind, e.Action, e.Outcome, e.ActorName, e.ResourceType, e.ResourceName, e.SourceIp, e.DetailJson, e.Id, e.HashHex], ct);
            rows++;
        }

        return rows;
    }
}
