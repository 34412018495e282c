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
    /// <param name="inLongStep">Told when a long step begins and ends.</param>
    public async Task RunAsync(Claim claim, Action<bool> inLongStep, CancellationToken stop)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("ant", claim.TenantId);
        var db = scope.ServiceProvider.GetRequiredService<AntDb>();
        var task = await db.Tasks.Include(t => t.Steps).SingleAsync(t => t.Id == claim.Id, stop);
        await new OneRun(claim, task, plans[task.Type], scope.ServiceProvider, db, options, time, inLongStep).ToEndAsync(stop);
    }

    /// <summary>One transaction ends a step and begins the next, with their events.</summary>
    private sealed class OneRun(Claim claim, DurableTask task, TaskPlan plan, IServiceProvider services, AntDb db, WorkerOptions options, TimeProvider time, Action<bool> inLongStep)
    {
        private readonly TaskWrites writes = services.GetRequiredService<TaskWrites>();
        private long? reported;

        public async Task ToEndAsync(CancellationToken stop)
        {
            Begin();
            await writes.SaveAsync(claim, along: null, stop);
            while (task.Status == TaskState.Working && task.Current is { } step)
            {
                var goesOn = await StepAsync(step, plan.Step(step.Name), stop);
                await writes.SaveAsync(claim, task.IsOpen || plan.Ended is null ? null : () => plan.Ended(services, task, stop), stop);
                if (!goesOn) return;
            }
        }

        private async Task<bool> StepAsync(TaskStep step, StepPlan work, CancellationToken stop)
        {
            try
            {
                inLongStep(work.IsLong);
                var result = await work.Run(new StepRun(services, task.Id, task.RunId, ValuesFor(work), (p, m, ct) => ReportAsync(step, p, m, ct)), stop);
                if (result.Passed) End(step, work, result);
                else Fail(step, result.Code!, result.Message);
                return true;
            }
            catch (TransientFault e) when (!stop.IsCancellationRequested)
            {
                return Postpone(step, work, e.Message);
            }
            catch (Grpc.Core.RpcException e) when (stop.IsCancellationRequested && e.StatusCode == Grpc.Core.StatusCode.Cancelled)
            {
                throw new OperationCanceledException("stopped", e, stop);
            }
            finally
            {
                inLongStep(false);
            }
        }

        private async Task<bool> ReportAsync(TaskStep step, TaskProgress progress, string message, CancellationToken ct)
        {
            if (reported is { } last && time.GetElapsedTime(last) < options.ReportEach) return false;
            reported = time.GetTimestamp();
            task.Moved(step, progress, message);
            db.Add(TaskEvents.Progressed(task, step, time.GetUtcNow()));
            await writes.SaveAsync(claim, along: null, ct);
            return true;
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
        private bool Postpone(TaskStep step, StepPlan work, string reason)
        {
            var now = time.GetUtcNow();
            var patience = work.Patience ?? options.Patience;
            if (now - task.TroubledSince >= patience)
            {
                Fail(step, DurableTask.GaveUpCode, $"{reason}; given up after {patience.TotalMinutes:0.#} minutes and {step.Attempts} tries. Retry the task when it does.");
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
            foreach (var (name, value) in task.Inputs ?? []) all[name] = value;
            foreach (var (name, value) in task.Steps.Where(s => s.Status == StepState.Done).SelectMany(s => s.Returned ?? [])) all[name] = value;
            return work.Needs.ToDictionary(n => n, n => all[n], StringComparer.Ordinal);
        }
    }
}
