namespace HyperBdr.Ant.Domain;

/// <summary>One step of a task, in the order of <see cref="Position"/>.</summary>
public sealed class TaskStep(Guid taskId, int position, string name)
{
    public Guid TaskId { get; private init; } = taskId;
    public int Position { get; private init; } = position;
    public string Name { get; private init; } = name;
    public StepState Status { get; private set; }
    public string? Message { get; private set; }
    public DateTimeOffset? StartAt { get; private set; }
    public DateTimeOffset? EndAt { get; private set; }
    /// <summary>How often it was begun.</summary>
    public int Attempts { get; private set; }
    /// <summary>What later steps may need, kept so that the task can go on elsewhere.</summary>
    public Dictionary<string, string>? Returned { get; private set; }

    internal void Begin(DateTimeOffset now)
    {
        Status = StepState.Running;
        StartAt ??= now;
        Attempts++;
    }

    internal void End(string message, IReadOnlyDictionary<string, string> returned, DateTimeOffset now)
    {
        if (Status != StepState.Running) throw new InvalidOperationException($"step {Name} of task {TaskId} ends while it is {Status}");
        (Status, Message, EndAt) = (StepState.Done, message, now);
        Returned = returned.Count == 0 ? null : new Dictionary<string, string>(returned, StringComparer.Ordinal);
    }

    internal void Wait(string message) => Message = message;

    internal void Fail(string message, DateTimeOffset now) => (Status, Message, EndAt) = (StepState.Failed, message, now);

    internal void Skip(string message, DateTimeOffset now) => (Status, Message, EndAt) = (StepState.Skipped, message, now);

    internal void SkipIfPending()
    {
        if (Status is StepState.Pending) Status = StepState.Skipped;
    }

    internal void Reset(bool anew)
    {
        if (Status == StepState.Done && !anew) return;
        (Status, Message, StartAt, EndAt, Returned) = (StepState.Pending, null, null, null, null);
    }
}
