using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Identity.Persistence;

/// <summary>Removes tokens and counters that mean nothing any more, once an hour.</summary>
internal sealed partial class ExpiredRows(IServiceScopeFactory scopes, TimeProvider time, ILogger<ExpiredRows> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>A renewing token that was used is kept this long after its end, so that a late second use is still recognised.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await RemoveAsync(stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or DbUpdateException or InvalidOperationException or TimeoutException)
            {
                Postponed(log, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task RemoveAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var now = time.GetUtcNow();
        var before = now - Kept;
        await db.ApiTokens.IgnoreQueryFilters().Where(t => t.ExpiresAt < before).ExecuteDeleteAsync(ct);
        await db.SignInAttempts.Where(a => a.ForgetAt < now && (a.BlockedUntil == null || a.BlockedUntil < now)).ExecuteDeleteAsync(ct);
    }

    [LoggerMessage(EventId = 5003, Level = LogLevel.Warning, Message = "Expired tokens are removed later: {Fault}")]
    private static partial void Postponed(ILogger log, string fault);
}
