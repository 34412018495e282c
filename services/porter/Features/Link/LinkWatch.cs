using System.Data.Common;
using HyperBdr.Contracts.Errors;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HyperBdr.Porter.Features.Link;

/// <summary>Looks every few seconds for what concerns the streams of this process: what another process of porter decided, silence, ended certificates.</summary>
/// <remarks>What this process decides itself acts at once through <see cref="LinkRegistry"/>; this is the way for everything else.</remarks>
internal sealed partial class LinkWatch(IServiceScopeFactory scopes, LinkRegistry links, IOptions<AgentLinkOptions> options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<LinkWatch> log) : BackgroundService
{
    /// <summary>Clocks of two processes may differ so much.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Streams have no end of their own: without this the process would wait for them.
        using var stopping = lifetime.ApplicationStopping.Register(EndAll);
        var since = time.GetUtcNow();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.WatchSeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = time.GetUtcNow();
            EndSilent(now);
            if (links.All.Count == 0) continue;
            try
            {
                await LookAsync(since - Overlap, now, stoppingToken);
                since = now;
            }
            catch (Exception e) when (e is DbException or TimeoutException or InvalidOperationException { InnerException: NpgsqlException })
            {
                NotSeen(log, e.GetBaseException().Message);
            }
        }
    }

    private void EndAll()
    {
        foreach (var session in links.All) session.End();
    }

    private void EndSilent(DateTimeOffset now)
    {
        foreach (var session in links.All)
            if (now - session.LastSeen > options.Value.Silence || session.CertificateEnds <= now) session.End();
    }

    private async Task LookAsync(DateTimeOffset since, DateTimeOffset now, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
        var changed = await db.Machines.IgnoreQueryFilters().AsNoTracking().Where(m => m.ChangedAt > since).Select(m => new { m.Id, m.SessionId, m.Availability }).ToListAsync(ct);
        foreach (var machine in changed)
        {
            if (!links.TryGet(machine.Id, out var session) || machine.SessionId == session.Id) continue;
            if (ReasonOf(machine.Availability) is { } reason) session.Dismiss(reason);
            else session.End();
        }

        foreach (var id in await db.Commands.IgnoreQueryFilters().Where(c => c.State == CommandState.Waiting && c.ExpiresAt > now).Select(c => c.MachineId).Distinct().ToListAsync(ct)) links.Wake(id);
        foreach (var session in links.All)
            if (session.Owes) session.Wake();
    }

    private static Error? ReasonOf(MachineAvailability availability) => availability switch
    {
        MachineAvailability.Revoked => Machine.CertificateRevoked,
        MachineAvailability.Quarantined => Machine.InQuarantine,
        _ => null,
    };

    [LoggerMessage(EventId = 3112, Level = LogLevel.Warning, Message = "Changes of machines could not be looked for now: {Reason}")]
    private static partial void NotSeen(ILogger log, string reason);
}
