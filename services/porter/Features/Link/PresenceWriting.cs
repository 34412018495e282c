using System.Data.Common;
using HyperBdr.Porter.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace HyperBdr.Porter.Features.Link;

/// <summary>Writes the beats of all machines in one statement every few seconds: a row per beat would be the database's main work.</summary>
internal sealed partial class PresenceWriting(IServiceScopeFactory scopes, LinkRegistry links, IOptions<AgentLinkOptions> options, TimeProvider time, ILogger<PresenceWriting> log) : BackgroundService
{
    private const string Upsert =
        """
        INSERT INTO presences (machine_id, last_seen_at, memory_bytes, cpu_percent)
        SELECT b.machine_id, b.seen, b.memory, b.cpu FROM unnest(@ids, @seen, @memory, @cpu) AS b(machine_id, seen, memory, cpu)
        JOIN machines m ON m.id = b.machine_id ORDER BY b.machine_id
        ON CONFLICT (machine_id) DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at, memory_bytes = EXCLUDED.memory_bytes, cpu_percent = EXCLUDED.cpu_percent
        WHERE presences.last_seen_at < EXCLUDED.last_seen_at
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.FlushSeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await WriteAsync(stoppingToken);
            }
            catch (Exception e) when (e is DbException or TimeoutException or InvalidOperationException { InnerException: NpgsqlException })
            {
                // The next round writes newer beats.
                NotWritten(log, e.GetBaseException().Message);
            }
        }
    }

    private async Task WriteAsync(CancellationToken ct)
    {
        var (ids, seen, memory, cpu) = (new List<Guid>(), new List<DateTime>(), new List<long>(), new List<float>());
        foreach (var session in links.All)
        {
            if (session.TakeSeen() is not { } at) continue;
            ids.Add(session.MachineId);
            seen.Add(at.UtcDateTime);
            memory.Add(session.MemoryBytes);
            cpu.Add(session.CpuPercent);
        }

        if (ids.Count == 0) return;
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<PorterDb>().Database.ExecuteSqlRawAsync(Upsert,
        [
            new NpgsqlParameter("ids", ids.ToArray()),
            new NpgsqlParameter("seen", NpgsqlDbType.Array | NpgsqlDbType.TimestampTz) { Value = seen.ToArray() },
            new NpgsqlParameter("memory", memory.ToArray()),
            new NpgsqlParameter("cpu", cpu.ToArray()),
        ], ct);
    }

    [LoggerMessage(EventId = 3111, Level = LogLevel.Warning, Message = "The beats of the machines could not be written now: {Reason}")]
    private static partial void NotWritten(ILogger log, string reason);
}
