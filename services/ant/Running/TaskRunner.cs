using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Running;

/// <summary>Runs claimed tasks, each from its first unfinished step to its end.</summary>
internal sealed class TaskRunner(IServiceScopeFactory scopes, TaskPlans plans, WorkerOptions options, TimeProvider time)
{
    /// <param name="claim">The task and the fence under which it may be written.</param>
    /// <param name="stop">Cancelled when the fence has changed, and when the service stops.</param>
    /// <exception cref="LeaseLostException">The task is no longer ours; nothing was written since.</exception>
    public async Task RunAsync(Claim claim, CancellationToken stop)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("ant", claim.TenantId);
        var db = scope.ServiceProvider.GetRequiredService<AntDb>();
        var task = await db.Tasks.Include(t => t.Steps).SingleAsync(t => t.Id == claim.Id, stop);
        await new OneRun(claim, task, plans[task.Type], scope.ServiceProvider, db, options, time).ToEndAsync(stop);
    }

    /// <summary>One transaction ends a step and begins the next, with their events.</summary>
    private sealed class OneRun(Claim claim, DurableTask task, TaskPlan plan, IServiceProvider services, AntDb db, WorkerOptions options, TimeProvider time)
    {
        private readonly TaskWrites writes = services.GetRequiredService<TaskWrites>();

        public async Task ToEndAsync(CancellationToken stop)
        {
            Begin();
            await writes.SaveAsync(claim, stop);
            while (task.Status == TaskState.Working && task.Current is { } step)
            {
                var goesOn = await StepAsync(step, plan.Step(step.Name), stop);
                await writes.SaveAsync(claim, stop);
                if (!goesOn) return;
            }
        }

        private async Task<bool> StepAsync(TaskStep step, StepPlan work, CancellationToken stop)
        {
            try
            {
                var result = await work.Run(new StepRun(services, task.Id, ValuesFor(work)), stop);
                if (result.Passed) End(step, work, result);
                else Fail(step, result.Code!, result.Message);
                return true;
            }
            catch (TransientFault e) when (!stop.IsCancellationRequested)
            {
                return Postpone(step, e.Message);
            }
            catch (Grpc.Core.RpcException e) when (stop.IsCancellationRequested && e.StatusCode == Grpc.Core.StatusCode.Cancelled)
            {
                throw new OperationCanceledException("stopped", e, stop);
            }
        }

        private void Begin()
        {
            var now = time.GetUtcNow();
            var step = task.Current ?? throw new InvalidOperationException($"task {task.Id} works and has no step to run");
            step.Begin(now);
            db.Add(TaskEvents.Progressed(task, step, now));
        }

        private void End(TaskStep step, StepPlan work, StepResult result)
        {
            if (work.Returns.FirstOrDefault(r => !result.Values.ContainsKey(r)) is { } missing) throw new PlanFault(task.Type, $"step {step.Name} did not return {missing}");
            var now = time.GetUtcNow();
            task.EndStep(step, result.Message, result.Values, now);
            db.Add(TaskEvents.Progressed(task, step, now));
            if (task.Current is not null)
            {
                Begin();
                return;
            }

            task.Complete(now);
            db.Add(TaskEvents.Finished(task, now));
        }

        private void Fail(TaskStep step, string code, string reason)
        {
            var now = time.GetUtcNow();
            task.Fail(step, code, reason, now);
            db.Add(TaskEvents.Progressed(task, step, now));
            db.Add(TaskEvents.Finished(task, now));
        }

        /// <returns>True when patience is over and the task has failed; false when the step is tried again later, by whoever is free then.</returns>
        private bool Postpone(TaskStep step, string reason)
        {
            var now = time.GetUtcNow();
            if (now - task.TroubledSince >= options.Patience)
            {
                Fail(step, "ant.step.gave_up", $"{reason}; given up after {options.Patience.TotalMinutes:0.#} minutes and {step.Attempts} tries. Retry the task when it does.");
                return true;
            }

            var wait = options.WaitAfter(step.Attempts);
            task.Postpone(step, $"{reason}; try {step.Attempts} failed, the next one follows in {wait.TotalSeconds:0.#} s.", wait, now);
            db.Add(TaskEvents.Progressed(task, step, now));
            return false;
        }

        private Dictionary<string, string> ValuesFor(StepPlan work)
        {
            var all = new Dictionary<string, string>(StringComparer.Ordinal) { ["source_id"] = task.SourceId.ToString() };
            foreach (var (name, value) in task.Steps.Where(s => s.Status == StepState.Done).SelectMany(s => s.Returned ?? [])) all[name] = value;
            return work.Needs.ToDictionary(n => n, n => all[n], StringComparer.Ordinal);
        }
    }
}
