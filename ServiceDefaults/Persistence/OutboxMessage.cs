using System.Diagnostics;
using System.Text.Json;
using HyperBdr.Contracts.Events;

namespace HyperBdr.ServiceDefaults.Persistence;

/// <summary>An event that is committed and not yet confirmed by the broker.</summary>
public sealed class OutboxMessage
{
    public long Id { get; private set; }
    public Guid EventId { get; private set; }
    public Guid AggregateId { get; private set; }
    public string Type { get; private set; } = "";
    public string Payload { get; private set; } = "";
    /// <summary>W3C trace context of the work that made it, so that one trace crosses the bus.</summary>
    public string? TraceParent { get; private set; }

    public static OutboxMessage Of(IntegrationEvent e) => new()
    {
        EventId = e.EventId,
        AggregateId = e.AggregateId,
        Type = e.GetType().Name,
        // PostgreSQL's jsonb holds no NUL; a caller's NUL must not cost a refused call its audit entry.
        Payload = JsonSerializer.Serialize(e, e.GetType(), Json.Options).Replace("\\u0000", "\\ufffd", StringComparison.Ordinal),
        TraceParent = Activity.Current?.Id,
    };
}

/// <summary>An event that one consumer has handled, committed with what it changed.</summary>
public sealed class InboxMessage
{
    public required Guid EventId { get; init; }
    public required string Consumer { get; init; }
    public required DateTimeOffset HandledAt { get; init; }
}
