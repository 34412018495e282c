namespace HyperBdr.Contracts.Events;

/// <summary>A fact that one service tells the others over the bus; written to the outbox in the transaction that made it true.</summary>
/// <remarks>
/// Delivered at least once and, per <see cref="AggregateId"/>, in the order of commit. Consumers are idempotent through their inbox.
/// Names are past tense. Fields are only ever added, and only as optional ones; golden files guard this.
/// </remarks>
public abstract record IntegrationEvent
{
    /// <summary>Identity of this fact (UUID v7); the inbox drops a second copy.</summary>
    public Guid EventId { get; init; } = Guid.CreateVersion7();

    /// <summary>The tenant that it concerns, or <see cref="Security.Tenants.Platform"/>.</summary>
    public required Guid TenantId { get; init; }

    /// <summary>When it became true, UTC, by the service's clock.</summary>
    public required DateTimeOffset OccurredAt { get; init; }

    /// <summary>The object whose events stay in order, usually the changed aggregate.</summary>
    public abstract Guid AggregateId { get; }
}
