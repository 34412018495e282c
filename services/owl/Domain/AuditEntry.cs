using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Owl.Domain;

/// <summary>What an entry of the trail tells.</summary>
public static class AuditKinds
{
    /// <summary>A mutating call, as it ended.</summary>
    public const string Call = "call";

    /// <summary>A fact that a service announced.</summary>
    public const string Event = "event";
}

/// <summary>A record on its way into the trail: all but its place in the chain.</summary>
/// <param name="Id">Id of the event that it comes from; makes a second copy recognisable for good.</param>
/// <param name="Detail">One JSON object, kept byte for byte because the hash covers it.</param>
public sealed record AuditDraft(Guid Id, Guid TenantId, string Kind, string Action, DateTimeOffset OccurredAt, string Detail)
{
    public string? Outcome { get; init; }
    public Guid? ActorId { get; init; }
    public string? ActorName { get; init; }
    public string? ResourceType { get; init; }
    public Guid? ResourceId { get; init; }
    public string? ResourceName { get; init; }
    public string? SourceIp { get; init; }
}

/// <summary>One record of a tenant's audit trail, chained to the one before it. Never changed, never deleted.</summary>
public sealed class AuditEntry : ITenantOwned
{
    public Guid TenantId { get; init; }

    /// <summary>From 1, without gaps, per tenant.</summary>
    public long Sequence { get; init; }
    public Guid Id { get; init; }
    public required string Kind { get; init; }
    public required string Action { get; init; }
    public string? Outcome { get; init; }
    public Guid? ActorId { get; init; }
    public string? ActorName { get; init; }
    public string? ResourceType { get; init; }
    public Guid? ResourceId { get; init; }
    public string? ResourceName { get; init; }
    public string? SourceIp { get; init; }

    /// <summary>Whole microseconds, as PostgreSQL keeps them.</summary>
    public DateTimeOffset OccurredAt { get; init; }
    public required string Detail { get; init; }
    public required byte[] PreviousHash { get; init; }
    public required byte[] Hash { get; init; }

    /// <summary>The entry that follows <paramref name="head"/>.</summary>
    public static AuditEntry After(ChainHead head, AuditDraft draft)
    {
        var open = new AuditEntry
        {
            TenantId = draft.TenantId,
            Sequence = head.Sequence + 1,
            Id = draft.Id,
            Kind = draft.Kind,
            Action = draft.Action,
            Outcome = draft.Outcome,
            ActorId = draft.ActorId,
            ActorName = draft.ActorName,
            ResourceType = draft.ResourceType,
            ResourceId = draft.ResourceId,
            ResourceName = draft.ResourceName,
            SourceIp = draft.SourceIp,
            OccurredAt = new DateTimeOffset(draft.OccurredAt.UtcTicks - draft.OccurredAt.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero),
            Detail = draft.Detail,
            PreviousHash = head.Hash,
            Hash = new byte[ChainHash.Size],
        };
        ChainHash.Compute(open).CopyTo(open.Hash, 0);
        return open;
    }
}
