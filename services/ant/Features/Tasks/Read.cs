using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Tasks;

/// <summary>One task, and the list of tasks, newest first.</summary>
internal static class Read
{
    public static void Map(RouteGroupBuilder tasks)
    {
        tasks.MapGet("/", async (AntDb db, string? status, string? type, [FromQuery(Name = "source_id")] string? sourceId, int? page, [FromQuery(Name = "page_size")] int? pageSize, CancellationToken ct) =>
                (await ListAsync(db, status, type, sourceId, new PageQuery(page, pageSize), ct)).ToHttp())
            .WithName("ant.tasks.list").Produces<Listing<TaskView>>().ProducesProblem(400).RequirePermission(Permissions.TasksRead);
        tasks.MapGet("/{id:guid}", async (Guid id, AntDb db, CancellationToken ct) => (await GetAsync(db, id, ct)).ToHttp())
            .WithName("ant.tasks.get").Produces<TaskView>().ProducesProblem(404).RequirePermission(Permissions.TasksRead);
    }

    internal static async Task<Result<Listing<TaskView>>> ListAsync(AntDb db, string? status, string? type, string? sourceId, PageQuery page, CancellationToken ct)
    {
        var rows = db.Tasks.AsNoTracking();
        if (!string.IsNullOrEmpty(status))
        {
            if (Words.State(status) is not { } state) return Error.Field("status", "Enter pending, working, done, failed or aborted.");
            rows = rows.Where(t => t.Status == state);
        }

        if (!string.IsNullOrEmpty(sourceId))
        {
            if (!Guid.TryParse(sourceId, out var source)) return Error.Field("source_id", "Enter an identifier (UUID).");
            rows = rows.Where(t => t.SourceId == source);
        }

        if (!string.IsNullOrEmpty(type)) rows = rows.Where(t => t.Type == type);
        var found = await page.OfAsync(rows.OrderByDescending(t => t.Id).Include(t => t.Steps), ct);
        return new Listing<TaskView>([.. found.Items.Select(TaskView.Of)], found.Total, found.Page, found.PageSize);
    }

    internal static async Task<Result<TaskView>> GetAsync(AntDb db, Guid id, CancellationToken ct) =>
        await db.Tasks.AsNoTracking().Include(t => t.Steps).SingleOrDefaultAsync(t => t.Id == id, ct) is { } task ? TaskView.Of(task) : DurableTask.NotFound;
}
