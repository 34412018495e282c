using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Plans.Syncs;

namespace HyperBdr.Ant.Features.Tasks;

/// <summary>A task as the API shows it.</summary>
/// <param name="Outcome">Of a sync whose data is stored: what the machine measured.</param>
public sealed record TaskView(
    Guid Id, string Type, TaskState Status, string SourceType, Guid SourceId, string SourceName, string Operator, int Percent,
    DateTimeOffset StartAt, DateTimeOffset? EndAt, string? ErrorCode, string? ErrorDescription, IReadOnlyList<StepView> Steps,
    string? Mode, TaskProgress? Progress, SyncOutcome? Outcome)
{
    internal static TaskView Of(DurableTask t) => new(
        t.Id, t.Type, t.Status, t.SourceType, t.SourceId, t.SourceName, t.Operator, t.Percent, t.StartAt, t.EndAt, t.ErrorCode, t.ErrorDescription,
        [.. t.Steps.OrderBy(s => s.Position).Select(s => new StepView(s.Name, s.Status, s.Message, s.StartAt, s.EndAt, s.Attempts))],
        t.Inputs?.GetValueOrDefault("mode"), t.Progress, OutcomeOf(t));

    private static SyncOutcome? OutcomeOf(DurableTask t) =>
        t.Type == SyncPlan.Type && t.Steps.Select(s => s.Returned?.GetValueOrDefault(SyncPlan.Outcome)).OfType<string>().FirstOrDefault() is { } text ? SyncOutcome.Parse(text) : null;
}

public sealed record StepView(string Name, StepState Status, string? Message, DateTimeOffset? StartAt, DateTimeOffset? EndAt, int Attempts);
