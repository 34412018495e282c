using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
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

    internal sealed class Handler(AntDb db, TaskWrites writes, TaskPlans plans, CallContext call, IServiceProvider services, TimeProvider time)
    {
        public async Task<Result<TaskView>> HandleAsync(Guid id, CancellationToken ct)
        {
            Error? refusal = null;
            var task = await writes.ChangeAsync(id, async t => (refusal = await TryAsync(t, ct)) is null, ct);
            if (task is null) return DurableTask.NotFound;
            return refusal is null ? TaskView.Of(task) : refusal;
        }

        private async Task<Error?> TryAsync(DurableTask task, CancellationToken ct)
        {
            call.Record?.Concerns("task", task.Id, task.SourceName);
            if (task.Status is not (TaskState.Failed or TaskState.Aborted)) return DurableTask.NotFailed;
            var now = time.GetUtcNow();
            if (plans[task.Type].Retried is not { } retried) task.Retry(now);
            else if (await retried(services, task, ct) is { } refusal) return refusal;
            db.Add(TaskEvents.Retried(task, call.Caller.Name, now));
            return null;
        }
    }
}
