using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HyperBdr.ServiceDefaults.Messaging;

/// <summary>Forgets handled events after 7 days: far longer than the broker or an outbox holds one back.</summary>
internal sealed partial class InboxCleaning(IServiceScopeFactory scopes, TimeProvider time, ILogger<InboxCleaning> log) : BackgroundService
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var before = time.GetUtcNow() - Kept;
                await scope.ServiceProvider.GetRequiredService<ServiceDb>().Inbox.Where(m => m.HandledAt < before).ExecuteDeleteAsync(stoppingToken);
            }
            catch (Exception e) when (e is System.Data.Common.DbException or InvalidOperationException)
            {
                Postponed(log, e.Message);
            }
        }
    }

    [LoggerMessage(EventId = 1102, Level = LogLevel.Warning, Message = "Cleaning the inbox waits an hour: {Reason}")]
    private static partial void Postponed(ILogger log, string reason);
}
