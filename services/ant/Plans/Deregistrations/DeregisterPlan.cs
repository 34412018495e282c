using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Features.Licences;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Ant.Plans.Deregistrations;

/// <summary>Task <c>deregister</c>: the machine forgets what was decided for it, its points go after a time in which the task can still be aborted, its licence unit comes back.</summary>
internal static class DeregisterPlan
{
    public const string Type = "deregister";
    public const string Host = "source_id";
    public const string KeepPoints = "keep_points";
    public const string Force = "force";
    public const string DeleteAt = "delete_at";
    private const string Told = "told";
    private const string Gone = "gone";

    public static readonly TaskPlan Plan = new(Type, [Host, KeepPoints, Force, DeleteAt],
    [
        new StepPlan("agent", [Host], [Told], TellAsync),
        new StepPlan("points", [Host, KeepPoints, Force, DeleteAt, Told], [Gone], PointsStep.RunAsync) { IsLong = true },
    ])
    {
        Ended = EndedAsync,
        Retried = RetriedAsync,
    };

    /// <summary>Makes the task and marks the host. The caller holds the host's row, and saves and commits.</summary>
    public static DurableTask Begin(AntDb db, ProtectedHost host, DeregisterAsk ask, DateTimeOffset now)
    {
        var withPoints = !ask.KeepPoints && host.LastPointId is not null;
        var inputs = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [KeepPoints] = ask.KeepPoints ? "yes" : "no",
            [Force] = ask.Force ? "yes" : "no",
            [DeleteAt] = (withPoints ? now + ask.Grace : now).ToString("O"),
        };
        var source = new TaskSource("host", host.Id, host.Name.Length <= 128 ? host.Name : host.Name[..128]);
        var task = DurableTask.Create(Guid.CreateVersion7(), host.TenantId, Type, source, ask.Operator, Plan.Steps.Select(s => s.Name), now, inputs);
        host.BeginDeregistration(task.Id, withPoints);
        db.Tasks.Add(task);
        db.Add(TaskEvents.Created(task, now));
        return task;
    }

    internal static StepResult PointsGone(string message) => StepResult.Pass(message, new Dictionary<string, string>(StringComparer.Ordinal) { [Gone] = "yes" });

    /// <summary>The machine gets it when it is connected again; one that is no longer registered has nothing to forget.</summary>
    private static async Task<StepResult> TellAsync(StepRun run, CancellationToken ct)
    {
        var deadline = run.Services.GetRequiredService<TimeProvider>().GetUtcNow().AddSeconds(15).UtcDateTime;
        var told = await Remote.AskAsync("The registry of machines", () =>
            run.Services.GetRequiredService<Machines.MachinesClient>().ResetSettingsAsync(new ResetSettingsRequest { MachineId = run.Values[Host] }, cancellationToken: ct, deadline: deadline).ResponseAsync, ct);
        return StepResult.Pass(told.IsError ? "The machine is not registered any more." : "The machine's settings are as after its installation.", new Dictionary<string, string>(StringComparer.Ordinal) { [Told] = "yes" });
    }

    private static async Task EndedAsync(IServiceProvider services, DurableTask task, CancellationToken ct)
    {
        var db = services.GetRequiredService<AntDb>();
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        if (await services.GetRequiredService<HostRows>().LockAsync(task.SourceId, ct) is not { } host || host.CurrentTaskId != task.Id) return;
        switch (task.Status)
        {
            case TaskState.Done:
                host.Deregistered();
                await services.GetRequiredService<LicenceUnits>().ReleaseAsync(host, task.Operator, ct);
                db.Add(new HostStageChanged(host.Id, host.Name, "deregistered", task.Operator) { TenantId = host.TenantId, OccurredAt = now });
                break;
            case TaskState.Aborted:
                host.DeregistrationTakenBack();
                break;
            default:
                host.DeregistrationFailed(task.ErrorCode ?? "ant.task.failed", task.ErrorDescription ?? "The deregistration failed.");
                break;
        }
    }

    private static async Task<Error?> RetriedAsync(IServiceProvider services, DurableTask task, CancellationToken ct)
    {
        if (await services.GetRequiredService<HostRows>().LockAsync(task.SourceId, ct) is not { } host) return ProtectedHost.NotFound;
        // Whether it is online was asked when the task was made.
        if (host.CannotDeregister(force: true) is { } refusal) return refusal;
        task.Retry(services.GetRequiredService<TimeProvider>().GetUtcNow());
        host.BeginDeregistration(task.Id, withPoints: task.Inputs?.GetValueOrDefault(KeepPoints) != "yes" && host.LastPointId is not null);
        return null;
    }
}

/// <summary>Who gives up a host's protection, and how.</summary>
internal sealed record DeregisterAsk(bool KeepPoints, bool Force, string Operator, TimeSpan Grace);

/// <summary>Numbers of deregistrations; section <c>Ant:Deregister</c>.</summary>
internal sealed record DeregisterOptions
{
    /// <summary>So long the points are still there, and an abort of the task takes it all back.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(3);
}
