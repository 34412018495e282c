using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Repositories;

/// <summary>Repositories with what they hold, how they grow and how their last maintenance ended.</summary>
internal static class Read
{
    public static void Map(RouteGroupBuilder repositories)
    {
        repositories.MapGet("/", async (StorplusDb db, TimeProvider time, int? page, [FromQuery(Name = "page_size")] int? pageSize, CancellationToken ct) =>
                TypedResults.Ok(await ListAsync(db, time, new PageQuery(page, pageSize), ct)))
            .WithName("storplus.repositories.list").RequirePermission(Permissions.PoolsRead);
        repositories.MapGet("/{id:guid}", async (Guid id, StorplusDb db, TimeProvider time, CancellationToken ct) => (await GetAsync(db, time, id, ct)).ToHttp())
            .WithName("storplus.repositories.get").Produces<RepositoryView>().ProducesProblem(404).RequirePermission(Permissions.PoolsRead);
    }

    private static async Task<Listing<RepositoryView>> ListAsync(StorplusDb db, TimeProvider time, PageQuery query, CancellationToken ct)
    {
        var rows = await query.OfAsync(db.Repositories.AsNoTracking().OrderByDescending(r => r.Id), ct);
        var views = new List<RepositoryView>();
        foreach (var row in rows.Items) views.Add(await db.ViewAsync(row, time.GetUtcNow(), ct));
        return new Listing<RepositoryView>(views, rows.Total, rows.Page, rows.PageSize);
    }

    private static async Task<Result<RepositoryView>> GetAsync(StorplusDb db, TimeProvider time, Guid id, CancellationToken ct)
    {
        if (await db.Repositories.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id, ct) is not { } row) return TenantRepository.NotFound;
        return await db.ViewAsync(row, time.GetUtcNow(), ct);
    }
}
