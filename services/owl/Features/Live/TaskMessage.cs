using HyperBdr.Contracts.Events;

namespace HyperBdr.Owl.Features.Live;

/// <summary>What became of a task; absent fields have not changed.</summary>
public sealed record TaskMessage(Guid Id, string Status, string? Type = null, int? Percent = null, string? Step = null, string? StepStatus = null, string? Message = null, string? SourceType = null, Guid? SourceId = null, string? SourceName = null)
{
    /// <summary>Null for events that are not about a task.</summary>
    public static TaskMessage? Of(IntegrationEvent e) => e switch
    {
        TaskCreated t => new(t.TaskId, "working", t.Type, Percent: 0, SourceType: t.SourceType, SourceId: t.SourceId, SourceName: t.SourceName),
        TaskProgressed t => new(t.TaskId, "working", Percent: t.Percent, Step: t.Step, StepStatus: t.Status, Message: t.Message),
        TaskFinished t => new(t.TaskId, t.Status, t.Type, Percent: t.Status == "done" ? 100 : null, Message: t.Reason, SourceId: t.SourceId, SourceName: t.SourceName),
        _ => null,
    };
}
