using HyperBdr.Contracts.Events;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Features;
using HyperBdr.Identity.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Identity.Licences;

/// <summary>Gives customers from before licences theirs, and tells of licences that end soon or have ended. Several processes may do so.</summary>
internal sealed partial class LicenceWatch(IServiceScopeFactory scopes, LicenceOptions options, TimeProvider time, ILogger<LicenceWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);
    private static readonly int[] WarnAt = [30, 15, 7, 1, 0];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await StartAllAsync(stoppingToken);
                await TellAsync(stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or DbUpdateException or InvalidOperationException or TimeoutException)
            {
                Postponed(log, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task StartAllAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        foreach (var tenant in await NamedTenants.CustomersOf(db).Where(t => !db.Licences.Any(l => l.TenantId == t.Id)).Select(t => t.Id).ToListAsync(ct))
        {
            db.AddEvaluation(tenant, options, time.GetUtcNow());
            // The unique code lets one of two processes through; the other finds the licence next time.
            await db.SaveChangesAsync(ct);
        }
    }

    internal async Task TellAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var now = time.GetUtcNow();
        var soon = now.AddDays(WarnAt[0]);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var ids = await db.Database.SqlQuery<Guid>($"select id as \"Value\" from licences where expires_at < {soon} and (warned_days is null or warned_days > 0) for update skip locked").ToListAsync(ct);
        foreach (var licence in await db.Licences.Where(l => ids.Contains(l.Id)).ToListAsync(ct))
        {
            if (Due(licence, now) is not { } days) continue;
            licence.WarnedDays = days;
            var (code, text) = days == 0 ? ("licence.expired", "has ended: its hosts take units of another licence, or their next sync is refused") : ("licence.expiring", $"ends in {days} {(days == 1 ? "day" : "days")} or sooner");
            db.Add(new LicenceProblem(licence.Id, code, $"The {licence.Kind} licence for {licence.Units} hosts {text}.") { TenantId = licence.TenantId, OccurredAt = now });
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>The smallest mark that has been reached and was not told yet.</summary>
    private static int? Due(Licence licence, DateTimeOffset now)
    {
        var left = (licence.ExpiresAt - now).TotalDays;
        int? reached = WarnAt.Where(d => left <= d).Select(d => (int?)d).Min();
        return reached is { } mark && (licence.WarnedDays is not { } told || mark < told) ? mark : null;
    }

    [LoggerMessage(EventId = 5004, Level = LogLevel.Warning, Message = "Licences are looked at later: {Fault}")]
    private static partial void Postponed(ILogger log, string fault);
}
