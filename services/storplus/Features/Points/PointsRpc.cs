using Grpc.Core;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using Point = HyperBdr.Storplus.Domain.Point;

namespace HyperBdr.Storplus.Features.Points;

/// <summary>gRPC <c>RecoveryPoints</c>: reading, for tools and other services.</summary>
internal sealed class PointsRpc(StorplusDb db) : RecoveryPoints.RecoveryPointsBase
{
    public override async Task<RecoveryPoint> GetPoint(GetPointRequest request, ServerCallContext context) =>
        PointViews.Message(await db.FindPointAsync(request.PointId, context.CancellationToken) ?? throw Point.NotFound.ToRpc());

    public override async Task<ListPointsResponse> ListPoints(ListPointsRequest request, ServerCallContext context)
    {
        var query = new PageQuery(request.Page == 0 ? null : request.Page, request.PageSize == 0 ? null : request.PageSize);
        var rows = db.Points.AsNoTracking();
        if (request.HostId.Length > 0)
        {
            if (!Guid.TryParse(request.HostId, out var host)) throw Error.Field("host_id", "Not an identifier.").ToRpc();
            rows = rows.Where(p => p.HostId == host);
        }

        var found = await query.OfAsync(rows.OrderByDescending(p => p.TakenAt).ThenByDescending(p => p.Id), context.CancellationToken);
        var answer = new ListPointsResponse { Total = found.Total };
        answer.Points.AddRange(found.Items.Select(PointViews.Message));
        return answer;
    }
}
