using System.Data.Common;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>Signs each chain at least hourly while it grows, so that little of it is ever without a signature.</summary>
internal sealed partial class CheckpointTimer(IServiceScopeFactory scopes, TimeProvider time, ILogger<CheckpointTimer> log) : BackgroundService
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(5), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await scope.ServiceProvider.GetRequiredService<TrailStore>().CheckpointAsync(time.GetUtcNow() - Longest, stoppingToken);
            }
            catch (Exception e) when (e is DbException or InvalidOperationException or TimeoutException && !stoppingToken.IsCancellationRequested)
            {
                Postponed(log, e.Message);
            }
        }
    }

    [LoggerMessage(EventId = 3103, Level = LogLevel.Warning, Message = "Signing the audit trail waits five minutes: {Reason}")]
    private static partial void Postponed(ILogger log, string reason);
}
