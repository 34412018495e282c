using System.Diagnostics.Metrics;
using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Persistence;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.ServiceDefaults.Messaging;

/// <summary>What a service does on an event: change its own rows. The caller saves, together with the inbox row.</summary>
/// <remarks>A transient fault is thrown and tried again; a permanent one is recorded as state. Runs in the event's tenant.</remarks>
public interface IEventHandler<in TEvent>
    where TEvent : IntegrationEvent
{
    Task HandleAsync(TEvent message, CancellationToken ct);
}

/// <summary>Runs a handler once per event: the inbox row and the handler's changes are one transaction.</summary>
internal sealed class EventConsumer<TEvent, THandler>(ServiceDb db, THandler handler, CallContext call, TimeProvider time) : IConsumer<TEvent>
    where TEvent : IntegrationEvent
    where THandler : IEventHandler<TEvent>
{
    private static readonly string Name = typeof(THandler).FullName!;
    private static readonly Counter<long> Duplicates = BusMeter.Meter.CreateCounter<long>("hyperbdr_inbox_duplicates", description: "Events that came again and were dropped.");

    public async Task Consume(ConsumeContext<TEvent> context)
    {
        var e = context.Message;
        call.Caller = Caller.Service("bus", e.TenantId);
        if (await db.Inbox.AnyAsync(m => m.EventId == e.EventId && m.Consumer == Name, context.CancellationToken))
        {
            Duplicates.Add(1);
            return;
        }

        await handler.HandleAsync(e, context.CancellationToken);
        db.Inbox.Add(new InboxMessage { EventId = e.EventId, Consumer = Name, HandledAt = time.GetUtcNow() });
        try
        {
            await db.SaveChangesAsync(context.CancellationToken);
        }
        catch (DbUpdateException fault) when (fault.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "inbox" })
        {
            // Another replica handled the same copy at this moment.
            Duplicates.Add(1);
        }
    }
}

internal static class BusMeter
{
    public static readonly Meter Meter = new("HyperBdr.Bus");
}
