using HyperBdr.Ant.Domain;
using HyperBdr.Contracts.Errors;

namespace HyperBdr.Ant.Plans;

/// <summary>The steps of one type of task, in order.</summary>
/// <param name="Type">Wire word, e.g. <c>probe_pool</c>.</param>
/// <param name="Given">Values that every task of this type starts with: <c>source_id</c> and its inputs.</param>
internal sealed record TaskPlan(string Type, IReadOnlyList<string> Given, IReadOnlyList<StepPlan> Steps)
{
    /// <summary>Changes what the task was about, in the transaction in which it is done, failed or aborted. The task's row is locked.</summary>
    public Func<IServiceProvider, DurableTask, CancellationToken, Task>? Ended { get; init; }

    /// <summary>Lets a failed or aborted task go on, or says why not; without it <see cref="DurableTask.Retry"/> does.</summary>
    public Func<IServiceProvider, DurableTask, CancellationToken, Task<Error?>>? Retried { get; init; }

    public StepPlan Step(string name) => Steps.Single(s => s.Name == name);
}

/// <summary>One step: what it needs from the task or earlier steps, what it returns to later ones, and its work.</summary>
/// <param name="Run">Idempotent: a step that was cut off runs again.</param>
internal sealed record StepPlan(string Name, IReadOnlyList<string> Needs, IReadOnlyList<string> Returns, Func<StepRun, CancellationToken, Task<StepResult>> Run)
{
    /// <summary>It mostly waits for others, for hours: it takes no place from other tasks.</summary>
    public bool IsLong { get; init; }

    /// <summary>How long it may meet transient faults; null for the worker's usual.</summary>
    public TimeSpan? Patience { get; init; }
}

/// <summary>What a step gets: only the values that it declared.</summary>
/// <param name="RunId">Names this run outside (sessions, commands).</param>
/// <param name="Report">Saves how far it is, every two seconds at most; false when it is too soon.</param>
internal sealed record StepRun(IServiceProvider Services, Guid TaskId, Guid RunId, IReadOnlyDictionary<string, string> Values, Func<TaskProgress, string, CancellationToken, Task<bool>> Report);

/// <summary>How a step ended: with a message and values, or with a code and a reason for people.</summary>
internal sealed record StepResult(bool Passed, string? Code, string Message, IReadOnlyDictionary<string, string> Values)
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>(StringComparer.Ordinal);

    public static StepResult Pass(string message, IReadOnlyDictionary<string, string>? values = null) => new(true, null, message, values ?? None);

    public static StepResult Fail(string code, string message) => new(false, code, message, None);
}

/// <summary>Something that is needed does not answer now; the step is tried again.</summary>
internal sealed class TransientFault(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>A plan that cannot work; found before any of its tasks starts.</summary>
internal sealed class PlanFault(string type, string fault) : Exception($"Plan {type}: {fault}");

/// <summary>All plans of this service, each checked when the service starts.</summary>
internal sealed class TaskPlans
{
    private readonly Dictionary<string, TaskPlan> byType;

    public TaskPlans(IEnumerable<TaskPlan> plans)
    {
        byType = plans.ToDictionary(p => p.Type, StringComparer.Ordinal);
        foreach (var plan in byType.Values) Check(plan);
    }

    public TaskPlan this[string type] => byType.TryGetValue(type, out var plan) ? plan : throw new PlanFault(type, "there is no such plan");

    /// <exception cref="PlanFault">A step needs what nobody returns before it, two steps have one name, or two return the same value.</exception>
    internal static void Check(TaskPlan plan)
    {
        if (plan.Steps.Count == 0) throw new PlanFault(plan.Type, "it has no steps");
        var known = new HashSet<string>(plan.Given, StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in plan.Steps)
        {
            if (!names.Add(step.Name)) throw new PlanFault(plan.Type, $"two steps are named {step.Name}");
            if (step.Needs.FirstOrDefault(n => !known.Contains(n)) is { } missing) throw new PlanFault(plan.Type, $"step {step.Name} needs {missing}, which no earlier step returns");
            if (step.Returns.FirstOrDefault(r => !known.Add(r)) is { } twice) throw new PlanFault(plan.Type, $"step {step.Name} returns {twice}, which is there already");
        }
    }
}
