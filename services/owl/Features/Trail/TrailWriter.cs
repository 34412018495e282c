using System.Data.Common;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using HyperBdr.Owl.Domain;
using HyperBdr.Owl.Features.Live;
using MassTransit;
using Npgsql;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>The one writer of this process: what arrives while a commit runs goes into the next one together.</summary>
/// <remarks>
/// A message is acknowledged only when its entry is committed. While the database is away nothing is given up: the batch is tried until it
/// is taken, and the broker keeps the rest. A row that the database refuses for its content is written alone, so that it stops no other;
/// its message goes to the <c>_error</c> queue.
/// </remarks>
internal sealed partial class TrailWriter(IServiceScopeFactory scopes, LiveFeed live, TimeProvider time, ILogger<TrailWriter> log) : BackgroundService
{
    private const int LargestBatch = 200;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestGap = TimeSpan.FromMilliseconds(500);
    private static readonly Counter<long> Written = OwlMeter.Meter.CreateCounter<long>("hyperbdr_audit_entries", description: "Entries added to the audit trail.");
    private static readonly Counter<long> Copies = OwlMeter.Meter.CreateCounter<long>("hyperbdr_audit_copies", description: "Events that came again and were dropped.");
    private static readonly Histogram<int> Batches = OwlMeter.Meter.CreateHistogram<int>("hyperbdr_audit_batch", description: "Entries per transaction.");

    private readonly Channel<Arrival> queue = Channel.CreateUnbounded<Arrival>(new UnboundedChannelOptions { SingleReader = true });

    private sealed record Pending(AuditDraft Draft, TaskCompletionSource<AuditEntry?> Done);

    private sealed record Arrival(string Consumer, ulong Number, Pending? Pending);

    /// <summary>Returns when the entry is committed; null when it was in the trail before.</summary>
    /// <param name="delivery">The broker's delivery: entries enter the chain in the order of its numbers.</param>
    public async Task<AuditEntry?> WriteAsync(AuditDraft draft, RabbitMqBasicConsumeContext delivery, CancellationToken ct)
    {
        var pending = new Pending(draft, new TaskCompletionSource<AuditEntry?>(TaskCreationOptions.RunContinuationsAsynchronously));
        // Bounded by the consumer's prefetch: each waiting message holds one place.
        await queue.Writer.WriteAsync(new Arrival(delivery.ConsumerTag, delivery.DeliveryTag, pending), ct);
        return await pending.Done.Task.WaitAsync(ct);
    }

    /// <summary>A delivery that is no entry still counts in the order of arrival.</summary>
    public void Pass(RabbitMqBasicConsumeContext delivery) => queue.Writer.TryWrite(new Arrival(delivery.ConsumerTag, delivery.DeliveryTag, null));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var order = new ArrivalOrder<Pending>();
        var batch = new List<Pending>(LargestBatch);
        try
        {
            while (await NextAsync(order, batch, stoppingToken))
            {
                if (batch.Count == 0) continue;
                await CommitAsync(batch, stoppingToken);
                batch.Clear();
            }
        }
        finally
        {
            // Not committed, so not acknowledged: the broker gives them to the next owl.
            queue.Writer.TryComplete();
            while (queue.Reader.TryRead(out var arrival)) order.Add(arrival.Consumer, arrival.Number, arrival.Pending, batch);
            order.GiveUpGaps(batch);
            foreach (var waiting in batch) waiting.Done.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <summary>Fills the batch with what has arrived; false at the end.</summary>
    private async Task<bool> NextAsync(ArrivalOrder<Pending> order, List<Pending> batch, CancellationToken ct)
    {
        var more = queue.Reader.WaitToReadAsync(ct).AsTask();
        try
        {
            // A message that is missing in the order is being handled on another thread right now, or nobody could read it.
            if (!await (order.HasGaps ? more.WaitAsync(LongestGap, time, ct) : more)) return false;
        }
        catch (TimeoutException)
        {
            order.GiveUpGaps(batch);
            return true;
        }

        while (batch.Count < LargestBatch && queue.Reader.TryRead(out var arrival)) order.Add(arrival.Consumer, arrival.Number, arrival.Pending, batch);
        return true;
    }

    private async Task CommitAsync(IReadOnlyList<Pending> batch, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var entries = await scope.ServiceProvider.GetRequiredService<TrailStore>().AppendAsync([.. batch.Select(p => p.Draft)], ct);
                Settle(batch, entries);
                return;
            }
            catch (PostgresException e) when (IsAboutContent(e))
            {
                if (batch.Count == 1)
                {
                    NotTaken(log, batch[0].Draft.Id, batch[0].Draft.Action, e);
                    batch[0].Done.TrySetException(e);
                    return;
                }

                foreach (var one in batch) await CommitAsync([one], ct);
                return;
            }
            catch (Exception e) when (e is DbException or InvalidOperationException or TimeoutException or IOException && !ct.IsCancellationRequested)
            {
                Waiting(log, batch.Count, e.Message);
                var pause = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(attempt, 6)));
                await Task.Delay(pause < LongestPause ? pause : LongestPause, time, ct);
            }
        }
    }

    private void Settle(IReadOnlyList<Pending> batch, AuditEntry?[] entries)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i] is { } entry) live.Publish(entry);
            batch[i].Done.TrySetResult(entries[i]);
        }

        var added = entries.Count(e => e is not null);
        Written.Add(added);
        Copies.Add(entries.Length - added);
        Batches.Record(entries.Length);
    }

    /// <summary>Classes 22 (data exception) and 23 (integrity constraint violation): trying again cannot help.</summary>
    private static bool IsAboutContent(PostgresException e) => e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState.StartsWith("23", StringComparison.Ordinal);

    [LoggerMessage(EventId = 3101, Level = LogLevel.Warning, Message = "The audit trail waits with {Count} entries for its database: {Reason}")]
    private static partial void Waiting(ILogger log, int count, string reason);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Error, Message = "The database refuses the entry {EventId} ({Action}); its message goes to the dead letters")]
    private static partial void NotTaken(ILogger log, Guid eventId, string action, Exception e);
}

internal static class OwlMeter
{
    public static readonly Meter Meter = new("HyperBdr.Owl");
}
