using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Ant.Features.Tasks;

/// <summary>Ends a working task. The answer comes after the end; a step that runs is stopped within about a second and writes nothing more.</summary>
internal static class Abort
{
    public static void Map(RouteGroupBuilder tasks) =>
        tasks.MapPost("/{id:guid}/abort", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp())
            .WithName("ant.tasks.abort").Produces<TaskView>().ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.TasksRun);

    internal sealed class Handler(AntDb db, TaskWrites writes, TaskPlans plans, CallContext call, IServiceProvider services, TimeProvider time)
    {
        public Task<Result<TaskView>> HandleAsync(Guid id, CancellationToken ct) => HandleAsync(id, DurableTask.AbortedCode, ct);

        /// <param name="code">Why, as the task will say.</param>
        public async Task<Result<TaskView>> HandleAsync(Guid id, string code, CancellationToken ct)
        {
            var aborted = false;
            var task = await writes.ChangeAsync(id, async t => aborted = await TryAsync(t, code, ct), ct);
            if (task is null) return DurableTask.NotFound;
            return aborted ? TaskView.Of(task) : DurableTask.Ended;
        }

        private async Task<bool> TryAsync(DurableTask task, string code, CancellationToken ct)
        {
            if (code == DurableTask.AbortedCode) call.Record?.Concerns("task", task.Id, task.SourceName);
            if (!task.IsOpen) return false;
            var now = time.GetUtcNow();
            var step = task.Current;
            task.Abort(call.Caller.Name, now, code);
            if (step is not null) db.Add(TaskEvents.Progressed(task, step, now));
            db.Add(TaskEvents.Finished(task, now));
            if (plans[task.Type].Ended is { } ended) await ended(services, task, ct);
            return true;
        }
    }
}
