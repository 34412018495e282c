using System.Globalization;
using Google.Protobuf;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Features.Machines;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Commands;

/// <summary>Commands on their way: each is sent on every new stream until the machine says that it works on it or has finished it.</summary>
internal sealed class Delivery(IServiceScopeFactory scopes, Envelope envelope, CommandBoard board, TimeProvider time)
{
    private const int MostAtOnce = 200;
    private const int MaxResultBytes = 256 * 1024;

    /// <summary>What the machine works on is not sent to it again.</summary>
    public async Task AlreadyWorkingAsync(LinkSession session, IEnumerable<string> working, CancellationToken ct)
    {
        foreach (var text in working.Take(MostAtOnce))
            if (TryId(text, out var id) && session.Learn(id)) await ReceivedAsync(session, id, ct);
    }

    /// <summary>Open commands that were not sent on this stream yet, oldest first.</summary>
    public async Task<List<Command>> DueAsync(LinkSession session, CancellationToken ct)
    {
        await using var scope = ScopeOf(session);
        var now = time.GetUtcNow();
        var open = await scope.ServiceProvider.GetRequiredService<PorterDb>().Commands.AsNoTracking()
            .Where(c => c.MachineId == session.MachineId && (c.State == CommandState.Received || (c.State == CommandState.Waiting && c.ExpiresAt > now)))
            .OrderBy(c => c.CreatedAt).ThenBy(c => c.Id).Take(MostAtOnce).ToListAsync(ct);
        return [.. open.Where(c => session.Learn(c.Id)).Select(Open)];
    }

    public Task ReceivedAsync(LinkSession session, string command, CancellationToken ct) => TryId(command, out var id) ? ReceivedAsync(session, id, ct) : Task.CompletedTask;

    public void Progress(LinkSession session, CommandProgress progress)
    {
        if (TryId(progress.CommandId, out var id) && session.Knows(id)) board.Publish(id, session.MachineId, progress);
    }

    /// <summary>When this returns, the answer of the machine is durable, or was so before, or nobody ever asked for it.</summary>
    public async Task KeepAsync(LinkSession session, CommandResult result, CancellationToken ct)
    {
        if (!TryId(result.CommandId, out var id)) return;
        var bytes = result.CalculateSize() <= MaxResultBytes ? result.ToByteArray() : OpenCommands.Refusal(id, "porter.command.result_too_large", "The machine's answer was too large to keep.");
        while (true)
        {
            await using var scope = ScopeOf(session);
            var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
            var command = await db.Commands.SingleOrDefaultAsync(c => c.Id == id && c.MachineId == session.MachineId, ct);
            var now = time.GetUtcNow();
            if (command?.Finish(bytes, now) != true) break;
            if (MachineFaults.Of(result) is { } fault && await db.Machines.SingleOrDefaultAsync(m => m.Id == session.MachineId, ct) is { } machine) db.Problem(machine, fault, now);
            try
            {
                await db.SaveChangesAsync(ct);
                break;
            }
            catch (DbUpdateConcurrencyException)
            {
                // It was received, expired or ended at this moment: look again.
            }
        }

        session.Forget(id);
        board.Changed(id, ended: true);
    }

    public static string ContextOf(Guid command) => $"command/{command}";

    private Command Open(MachineCommand command) => Command.Parser.ParseFrom(Convert.FromBase64String(envelope.Open(command.SealedPayload, ContextOf(command.Id))));

    private async Task ReceivedAsync(LinkSession session, Guid id, CancellationToken ct)
    {
        await using var scope = ScopeOf(session);
        var changed = await scope.ServiceProvider.GetRequiredService<PorterDb>().Commands
            .Where(c => c.Id == id && c.MachineId == session.MachineId && c.State == CommandState.Waiting)
            .ExecuteUpdateAsync(c => c.SetProperty(x => x.State, CommandState.Received), ct);
        if (changed > 0) board.Changed(id, ended: false);
    }

    private static bool TryId(string text, out Guid id) => Guid.TryParse(text, CultureInfo.InvariantCulture, out id);

    private AsyncServiceScope ScopeOf(LinkSession session)
    {
        var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("porter", session.TenantId);
        return scope;
    }
}
