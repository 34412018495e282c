using HyperBdr.Contracts.Events;

namespace HyperBdr.Ant.Domain;

/// <summary>The facts about a task, as others hear them.</summary>
internal static class TaskEvents
{
    public static TaskCreated Created(DurableTask t, DateTimeOffset now) =>
        new(t.Id, t.Type, t.SourceType, t.SourceId, t.SourceName, t.Operator) { TenantId = t.TenantId, OccurredAt = now };

    public static TaskRetried Retried(DurableTask t, string by, DateTimeOffset now) =>
        new(t.Id, t.Type, t.SourceType, t.SourceId, t.SourceName, by) { TenantId = t.TenantId, OccurredAt = now };

    public static TaskProgressed Progressed(DurableTask t, TaskStep s, DateTimeOffset now) =>
        new(t.Id, s.Name, Words.Of(s.Status), t.Percent, s.Message) { TenantId = t.TenantId, OccurredAt = now };

    public static TaskFinished Finished(DurableTask t, DateTimeOffset now) =>
        new(t.Id, t.Type, t.SourceId, t.SourceName, Words.Of(t.Status), t.ErrorCode, t.ErrorDescription) { TenantId = t.TenantId, OccurredAt = now };
}

/// <summary>Wire words of states.</summary>
internal static class Words
{
    public static string Of(TaskState state) => state switch
    {
        TaskState.Working => "working",
        TaskState.Done => "done",
        TaskState.Failed => "failed",
        TaskState.Pending => "pending",
        _ => "aborted",
    };

    /// <returns>Null for another word.</returns>
    public static TaskState? State(string word) => word switch
    {
        "working" => TaskState.Working,
        "done" => TaskState.Done,
        "failed" => TaskState.Failed,
        "aborted" => TaskState.Aborted,
        "pending" => TaskState.Pending,
        _ => null,
    };

    public static string Of(StepState state) => state switch
    {
        StepState.Pending => "pending",
        StepState.Running => "running",
        StepState.Done => "done",
        StepState.Failed => "failed",
        _ => "skipped",
    };
}
