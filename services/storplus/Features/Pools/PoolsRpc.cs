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
        var pool = await db.Pools.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, context.CancellationToken) ?? throw PoolRow.NotFound.ToRpc();
        return Of(pool, await db.Repositories.AsNoTracking().SingleOrDefaultAsync(r => r.PoolId == id, context.CancellationToken));
    }

    public override async Task<ListPoolsResponse> ListPools(ListPoolsRequest request, ServerCallContext context)
    {
        var query = new PageQuery(request.Page == 0 ? null : request.Page, request.PageSize == 0 ? null : request.PageSize);
        var rows = await query.OfAsync(db.Pools.AsNoTracking().OrderByDescending(p => p.Id), context.CancellationToken);
        var ids = rows.Items.Select(p => p.Id).ToList();
        var repositories = await db.Repositories.AsNoTracking().Where(r => ids.Contains(r.PoolId)).ToDictionaryAsync(r => r.PoolId, context.CancellationToken);
        var answer = new ListPoolsResponse { Total = rows.Total };
        answer.Pools.AddRange(rows.Items.Select(p => Of(p, repositories.GetValueOrDefault(p.Id))));
        return answer;
    }

    private static Pool Of(PoolRow pool, Domain.TenantRepository? repository) => new()
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
        TotalBytes = pool.TotalBytes ?? 0,
        FreeBytes = pool.FreeBytes ?? 0,
        HasRepository = repository is not null,
        NearlyFull = repository?.NearlyFull ?? false,
        Unreachable = repository?.Unreachable ?? false,
        Damaged = repository?.Damaged ?? false,
        Escrowed = repository?.EscrowFingerprint is not null,
    };
}
