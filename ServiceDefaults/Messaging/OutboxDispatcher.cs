using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using HyperBdr.ServiceDefaults.Persistence;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HyperBdr.ServiceDefaults.Messaging;

/// <summary>Moves committed events from the outbox to the broker: at least once, and per aggregate in the order of commit.</summary>
/// <remarks>
/// One dispatcher per database works at a time; it holds a PostgreSQL advisory lock on a connection of its own, and the loss of that
/// connection ends its turn. A row goes only after the broker confirmed it. A crash between the two sends it again; inboxes drop it.
/// </remarks>
internal sealed partial class OutboxDispatcher(IServiceScopeFactory scopes, IBus bus, OutboxSignal signal, TimeProvider time, ILogger<OutboxDispatcher> log) : BackgroundService
{
    private const int BatchSize = 500;
    private const int Lanes = 16;
    private const long LockKey = 0x4879_7065_7242_6472;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ConfirmWithin = TimeSpan.FromSeconds(15);
    private static readonly Counter<long> Sent = BusMeter.Meter.CreateCounter<long>("hyperbdr_outbox_sent", description: "Events that the broker confirmed.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await DispatchWhileLeaderAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or DbUpdateException or InvalidOperationException or MassTransitException or RabbitMQ.Client.Exceptions.RabbitMQClientException or OperationCanceledException or TimeoutException or IOException)
            {
                Interrupted(log, e.GetType().Name, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
        }
    }

    private async Task DispatchWhileLeaderAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ServiceDb>();
        // One open connection holds the lock and does the work: losing it loses both.
        await db.Database.OpenConnectionAsync(ct);
        while (!await TryLeadAsync(db, ct)) await Task.Delay(TimeSpan.FromSeconds(2), time, ct);
        while (!ct.IsCancellationRequested)
        {
            var batch = await db.Outbox.AsNoTracking().OrderBy(m => m.Id).Take(BatchSize).ToListAsync(ct);
            if (batch.Count == 0)
            {
                await signal.WaitAsync(Poll, time, ct);
                continue;
            }

            var sent = await SendAsync(batch, ct);
            await db.Outbox.Where(m => sent.Contains(m.Id)).ExecuteDeleteAsync(ct);
            Sent.Add(sent.Count);
            if (sent.Count < batch.Count) throw new TimeoutException($"{batch.Count - sent.Count} of {batch.Count} events were not confirmed");
        }
    }

    private static async Task<bool> TryLeadAsync(ServiceDb db, CancellationToken ct)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"select pg_try_advisory_lock({LockKey})";
        return await command.ExecuteScalarAsync(ct) is true;
    }

    /// <summary>Sends aggregates side by side and each one's events one after another; an aggregate stops at its first failure.</summary>
    private async Task<IReadOnlyCollection<long>> SendAsync(List<OutboxMessage> batch, CancellationToken ct)
    {
        var sent = new System.Collections.Concurrent.ConcurrentBag<long>();
        using var limit = new CancellationTokenSource(ConfirmWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await Parallel.ForEachAsync(batch.GroupBy(m => m.AggregateId), new ParallelOptions { MaxDegreeOfParallelism = Lanes, CancellationToken = either.Token }, async (group, token) =>
            {
                foreach (var message in group)
                {
                    await PublishAsync(message, token);
                    sent.Add(message.Id);
                }
            });
        }
        catch (Exception e) when (e is OperationCanceledException or MassTransitException or RabbitMQ.Client.Exceptions.RabbitMQClientException)
        {
            // What was confirmed is taken off; the rest stays and is sent again.
            ct.ThrowIfCancellationRequested();
            Interrupted(log, e.GetType().Name, e.Message);
        }

        return sent.ToHashSet();
    }

    private async Task PublishAsync(OutboxMessage message, CancellationToken ct)
    {
        var type = EventTypes.ByName[message.Type];
        var payload = JsonSerializer.Deserialize(message.Payload, type, Json.Options)!;
        using var activity = Telemetry.Telemetry.Source.StartActivity("outbox send", ActivityKind.Internal, message.TraceParent);
        await bus.Publish(payload, type, context => context.MessageId = message.EventId, ct);
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Sending events pauses: {Fault} {Detail}")]
    private static partial void Interrupted(ILogger log, string fault, string detail);
}
