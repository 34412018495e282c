using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Contracts.Owl.V1;
using HyperBdr.Owl.Persistence;
using Microsoft.EntityFrameworkCore;
using Entry = HyperBdr.Owl.Domain.AuditEntry;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>The trail for report's exports and for tools, over gRPC.</summary>
internal sealed class AuditTrailService(OwlDb db, VerifyTrail.Handler verify) : AuditTrail.AuditTrailBase
{
    private const int PageSize = 1000;

    public override async Task Read(ReadAuditRequest request, IServerStreamWriter<AuditEntry> responseStream, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var rows = db.Entries.AsNoTracking();
        if (request.From?.ToDateTimeOffset() is { } from) rows = rows.Where(e => e.OccurredAt >= from);
        if (request.To?.ToDateTimeOffset() is { } to) rows = rows.Where(e => e.OccurredAt < to);
        // The end is fixed at the beginning: a trail that grows faster than its reader reads would have no end.
        var end = await db.Entries.MaxAsync(e => (long?)e.Sequence, ct) ?? 0;
        for (var last = 0L; last < end;)
        {
            var page = await rows.Where(e => e.Sequence > last && e.Sequence <= end).OrderBy(e => e.Sequence).Take(PageSize).ToListAsync(ct);
            foreach (var entry in page) await responseStream.WriteAsync(ToWire(entry), ct);
            if (page.Count < PageSize) return;
            last = page[^1].Sequence;
        }
    }

    public override async Task<VerifyAuditResponse> Verify(VerifyAuditRequest request, ServerCallContext context)
    {
        var verdict = await verify.HandleAsync(context.CancellationToken);
        return new VerifyAuditResponse { Intact = verdict.Intact, Entries = verdict.Entries, BrokenAt = verdict.BrokenAt ?? 0, Problem = verdict.Problem ?? "" };
    }

    private static AuditEntry ToWire(Entry e) => new()
    {
        Sequence = e.Sequence,
        Id = e.Id.ToString(),
        Kind = e.Kind,
        Action = e.Action,
        Outcome = e.Outcome ?? "",
        ActorName = e.ActorName ?? "",
        ResourceType = e.ResourceType ?? "",
        ResourceName = e.ResourceName ?? "",
        SourceIp = e.SourceIp ?? "",
        OccurredAt = Timestamp.FromDateTimeOffset(e.OccurredAt),
        DetailJson = e.Detail,
        HashHex = Convert.ToHexStringLower(e.Hash),
    };
}
