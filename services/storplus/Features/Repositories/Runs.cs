using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Maintenance;
using HyperBdr.Storplus.Persistence;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Repositories;

/// <summary>Maintenance of a repository: the history, a run now, and the end of one.</summary>
internal static class Runs
{
    public sealed record Request(MaintenanceKind? Kind);

    public static void Map(RouteGroupBuilder repositories)
    {
        repositories.MapGet("/{id:guid}/runs", async (Guid id, StorplusDb db, int? page, [FromQuery(Name = "page_size")] int? pageSize, CancellationToken ct) =>
                TypedResults.Ok(await ListAsync(db, id, new PageQuery(page, pageSize), ct)))
            .WithName("storplus.runs.list").RequirePermission(Permissions.PoolsRead);
        repositories.MapPost("/{id:guid}/runs", async (Guid id, Request body, Handler handler, CancellationToken ct) =>
                (await handler.AddAsync(id, body, ct)).ToHttp(r => TypedResults.Accepted($"/api/v1/storplus/repositories/{id}/runs", r)))
            .WithName("storplus.runs.start").Produces<RunView>(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.PoolsWrite);
        repositories.MapDelete("/{id:guid}/runs/{run:guid}", async (Guid id, Guid run, Handler handler, CancellationToken ct) =>
                (await handler.CancelAsync(id, run, ct)).ToHttp(r => TypedResults.Accepted($"/api/v1/storplus/repositories/{id}/runs", r)))
            .WithName("storplus.runs.cancel").Produces<RunView>(StatusCodes.Status202Accepted).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.PoolsWrite);
    }

    private static async Task<Listing<RunView>> ListAsync(StorplusDb db, Guid id, PageQuery query, CancellationToken ct)
    {
        var rows = await query.OfAsync(db.MaintenanceRuns.AsNoTracking().Where(r => r.RepositoryId == id).OrderByDescending(r => r.CreatedAt), ct);
        return new Listing<RunView>([.. rows.Items.Select(RepositoryViews.Of)], rows.Total, rows.Page, rows.PageSize);
    }

    internal sealed class Handler(StorplusDb db, MaintenanceQueue queue, MaintenanceSignal signal, CallContext call, TimeProvider time)
    {
        public async Task<Result<RunView>> AddAsync(Guid id, Request body, CancellationToken ct)
        {
            if (body.Kind is not { } kind) return Error.Field("kind", "Enter collect, verify, scrub or import.");
            if (await db.Repositories.SingleOrDefaultAsync(r => r.Id == id, ct) is not { } row) return TenantRepository.NotFound;
            call.Record?.Concerns("repository", row.Id, kind.ToString());
            if (await queue.TryAddAsync(row, kind, ct) is not { } run) return MaintenanceRun.AlreadyThere;
            signal.Raise();
            return RepositoryViews.Of(run);
        }

        public async Task<Result<RunView>> CancelAsync(Guid id, Guid runId, CancellationToken ct)
        {
            if (await db.MaintenanceRuns.SingleOrDefaultAsync(r => r.Id == runId && r.RepositoryId == id, ct) is not { } run) return MaintenanceRun.NotFound;
            call.Record?.Concerns("repository", id, run.Kind.ToString());
            if (run.EndedAt is not null) return MaintenanceRun.Over;
            run.Cancel(time.GetUtcNow());
            await db.SaveChangesAsync(ct);
            return RepositoryViews.Of(run);
        }
    }
}
