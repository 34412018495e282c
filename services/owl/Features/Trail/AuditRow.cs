using System.Text.Json;
using HyperBdr.Owl.Domain;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>An entry as the API and the live view show it.</summary>
public sealed record AuditRow(
    long Sequence, Guid Id, string Kind, string Action, string? Outcome, string? ActorName, Guid? ActorId,
    string? ResourceType, Guid? ResourceId, string? ResourceName, string? SourceIp, DateTimeOffset OccurredAt,
    JsonElement Detail, string Hash, string PreviousHash)
{
    public static AuditRow Of(AuditEntry e) => new(
        e.Sequence, e.Id, e.Kind, e.Action, e.Outcome, e.ActorName, e.ActorId, e.ResourceType, e.ResourceId, e.ResourceName, e.SourceIp, e.OccurredAt,
        JsonSerializer.Deserialize<JsonElement>(e.Detail), Convert.ToHexStringLower(e.Hash), Convert.ToHexStringLower(e.PreviousHash));
}
