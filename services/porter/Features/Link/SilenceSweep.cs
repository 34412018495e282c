using System.Data.Common;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Commands;
using HyperBdr.Porter.Features.Machines;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HyperBdr.Porter.Features.Link;

/// <summary>Finds machines that fell silent, commands whose time ended, and old answers. Several processes may do it at once.</summary>
internal sealed partial class SilenceSweep(IServiceScopeFactory scopes, IOptions<AgentLinkOptions> options, CommandBoard board, TimeProvider time, ILogger<SilenceSweep> log) : BackgroundService
{
    private static readonly TimeSpan ResultsKept = TimeSpan.FromDays(30);
    private const int MostAtOnce = 500;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = time.GetUtcNow();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Clamp(options.Value.SilenceSeconds / 10, 1, 10)), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                // While nobody listened, silence means nothing: machines get the full time to come back.
                var now = time.GetUtcNow();
                if (now - started > options.Value.Silence) await DisconnectAsync(now, stoppingToken);
                await ExpireAsync(now, stoppingToken);
            }
            catch (Exception e) when (e is DbException or DbUpdateException or TimeoutException or InvalidOperationException { InnerException: NpgsqlException })
            {
                NotSwept(log, e.GetBaseException().Message);
            }
        }
    }

    private async Task DisconnectAsync(DateTimeOffset now, CancellationToken ct)
    {
        var limit = now - options.Value.Silence;
        List<(Guid Id, Guid Tenant)> silent;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
            var rows = await db.Machines.IgnoreQueryFilters().Where(m => m.Availability == MachineAvailability.Active && m.ConnectedAt < limit && !db.Presences.Any(p => p.MachineId == m.Id && p.LastSeenAt >= limit))
                .Select(m => new { m.Id, m.TenantId }).Take(MostAtOnce).ToListAsync(ct);
            silent = [.. rows.Select(r => (r.Id, r.TenantId))];
        }

        foreach (var (id, tenant) in silent) await DisconnectAsync(id, tenant, now, ct);
    }

    private async Task DisconnectAsync(Guid id, Guid tenant, DateTimeOffset now, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("porter", tenant);
        var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
        if (await db.Machines.SingleOrDefaultAsync(m => m.Id == id, ct) is not { } machine || machine.ConnectedAt >= now - options.Value.Silence || !machine.Disconnect("no sign of life", now)) return;
        db.StateChanged(machine, now);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            // It came back at this moment, or another process was first.
        }
    }

    private async Task ExpireAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
        var late = db.Commands.IgnoreQueryFilters().Where(c => c.State == CommandState.Waiting && c.ExpiresAt <= now);
        foreach (var id in await late.Select(c => c.Id).Take(MostAtOnce).ToListAsync(ct))
        {
            var expired = await late.Where(c => c.Id == id).ExecuteUpdateAsync(c => c.SetProperty(x => x.State, CommandState.Expired).SetProperty(x => x.FinishedAt, now), ct);
            if (expired > 0) board.Changed(id, ended: true);
        }

        var old = now - ResultsKept;
        await db.Commands.IgnoreQueryFilters().Where(c => c.FinishedAt < old).ExecuteDeleteAsync(ct);
    }

    [LoggerMessage(EventId = 3113, Level = LogLevel.Warning, Message = "Silent machines could not be looked for now: {Reason}")]
    private static partial void NotSwept(ILogger log, string reason);
}
