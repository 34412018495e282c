using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Ant.Features.Tasks;

/// <summary>Lets a failed or aborted task go on from the step that did not end well.</summary>
internal static class Retry
{
    public static void Map(RouteGroupBuilder tasks) =>
        tasks.MapPost("/{id:guid}/retry", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp())
            .WithName("ant.tasks.retry").Produces<TaskView>().ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.TasksRun);

    internal sealed class Handler(AntDb db, TaskWrites writes, CallContext call, TimeProvider time)
    {
        public async Task<Result<TaskView>> HandleAsync(Guid id, CancellationToken ct)
        {
            var retried = false;
            var task = await writes.ChangeAsync(id, t => retried = Try(t), ct);
            if (task is null) return DurableTask.NotFound;
            return retried ? TaskView.Of(task) : DurableTask.NotFailed;
        }

        private bool Try(DurableTask task)
        {
            call.Record?.Concerns("task", task.Id, task.SourceName);
            if (task.Status is not (TaskState.Failed or TaskState.Aborted)) return false;
            var now = time.GetUtcNow();
            task.Retry(now);
            db.Add(TaskEvents.Retried(task, call.Caller.Name, now));
            return true;
        }
    }
}
