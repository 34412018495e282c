using Grpc.Core;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using PoolRow = HyperBdr.Storplus.Domain.Pool;

namespace HyperBdr.Storplus.Features.Pools;

/// <summary>gRPC <c>Pools</c>: reading, for tools and other services.</summary>
internal sealed class PoolsRpc(StorplusDb db) : Contracts.Storplus.V1.Pools.PoolsBase
{
    public override async Task<Pool> GetPool(GetPoolRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.PoolId, out var id)) throw PoolRow.NotFound.ToRpc();
        return Of(await db.Pools.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, context.CancellationToken) ?? throw PoolRow.NotFound.ToRpc());
    }

    public override async Task<ListPoolsResponse> ListPools(ListPoolsRequest request, ServerCallContext context)
    {
        var query = new PageQuery(request.Page == 0 ? null : request.Page, request.PageSize == 0 ? null : request.PageSize);
        var rows = await query.OfAsync(db.Pools.AsNoTracking().OrderByDescending(p => p.Id), context.CancellationToken);
        var answer = new ListPoolsResponse { Total = rows.Total };
        answer.Pools.AddRange(rows.Items.Select(Of));
        return answer;
    }

    private static Pool Of(PoolRow pool) => new()
    {
        Id = pool.Id.ToString(),
        Name = pool.Name,
        Kind = pool.Kind switch
        {
            Domain.PoolKind.S3 => "s3",
            Domain.PoolKind.Folder => "folder",
            _ => "gateway",
        },
        State = PoolEvents.Word(pool.State),
    };
}
