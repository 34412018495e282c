using Google.Protobuf.WellKnownTypes;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Storplus.V1;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Scheduling;

/// <summary>Ends outside what a sync without a point has left: its command on the machine and its write session. Tried until it is done.</summary>
internal sealed class Remains(AntDb db, Commands.CommandsClient commands, WriteSessions.WriteSessionsClient sessions, TimeProvider time)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    public async Task EndAsync(Guid runId, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var locked = await db.Database.SqlQuery<Guid>($"""select run_id as "Value" from sync_remains where run_id = {runId} for update skip locked""").ToListAsync(ct);
        if (locked.Count == 0) return;
        var remains = await db.SyncRemains.SingleAsync(r => r.RunId == runId, ct);
        var now = time.GetUtcNow();
        try
        {
            await CallAsync(remains, now, ct);
            db.SyncRemains.Remove(remains);
        }
        catch (TransientFault)
        {
            remains.Attempts++;
            var wait = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(remains.Attempts, 6)));
            remains.DueAt = now + (wait < LongestWait ? wait : LongestWait);
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>A refusal is an end too: the machine is gone, the session has ended.</summary>
    private async Task CallAsync(SyncRemains remains, DateTimeOffset now, CancellationToken ct)
    {
        var deadline = now.AddSeconds(15).UtcDateTime;
        var stop = new Command { Id = remains.StopCommandId.ToString(), ExpiresAt = now.AddDays(1).ToTimestamp(), StopSync = new StopSync { CommandId = remains.RunId.ToString() } };
        await Remote.AskAsync("The link to the machines", () => commands.SendAsync(new SendCommandRequest { MachineId = remains.HostId.ToString(), Command = stop }, cancellationToken: ct, deadline: deadline).ResponseAsync, ct);
        if (remains.SessionId is { } session)
            await Remote.AskAsync("The storage service", () => sessions.AbandonAsync(new AbandonWriteSessionRequest { SessionId = session }, cancellationToken: ct, deadline: deadline).ResponseAsync, ct);
    }
}
