using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Pools;

/// <summary>One pool, and the list of pools, newest first.</summary>
internal static class Read
{
    public static void Map(RouteGroupBuilder pools)
    {
        pools.MapGet("/", async (StorplusDb db, int? page, [FromQuery(Name = "page_size")] int? pageSize, CancellationToken ct) =>
                TypedResults.Ok(await ListAsync(db, new PageQuery(page, pageSize), ct)))
            .WithName("storplus.pools.list").RequirePermission(Permissions.PoolsRead);
        pools.MapGet("/{id:guid}", async (Guid id, StorplusDb db, CancellationToken ct) => (await GetAsync(db, id, ct)).ToHttp())
            .WithName("storplus.pools.get").Produces<PoolView>().ProducesProblem(404).RequirePermission(Permissions.PoolsRead);
    }

    private static async Task<Listing<PoolView>> ListAsync(StorplusDb db, PageQuery query, CancellationToken ct)
    {
        var rows = await query.OfAsync(db.Pools.AsNoTracking().OrderByDescending(p => p.Id), ct);
        return new Listing<PoolView>(await db.WithProbesAsync(rows.Items, ct), rows.Total, rows.Page, rows.PageSize);
    }

    private static async Task<Result<PoolView>> GetAsync(StorplusDb db, Guid id, CancellationToken ct)
    {
        if (await db.Pools.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, ct) is not { } pool) return Pool.NotFound;
        return (await db.WithProbesAsync([pool], ct))[0];
    }
}
