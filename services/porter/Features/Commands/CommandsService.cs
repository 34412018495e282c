using System.Globalization;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Features.Machines;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Results;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Commands;

/// <summary>Commands for the other services.</summary>
internal sealed class CommandsService(SendCommand.Handler send, PorterDb db, CommandBoard board, LinkRegistry links, TimeProvider time) : Contracts.Porter.V1.Commands.CommandsBase
{
    private static readonly TimeSpan LeastGap = TimeSpan.FromSeconds(1);

    /// <summary>What another process of porter does is found at this pace.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    public override async Task<SendCommandResponse> Send(SendCommandRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.MachineId, CultureInfo.InvariantCulture, out var machine)) throw GetMachine.NotFound.ToRpc();
        if (request.Command is null) throw MachineCommand.NotAcceptable.ToRpc();
        var sent = (await send.HandleAsync(machine, request.Command, context.CancellationToken)).OrRpc();
        return new SendCommandResponse { State = StateOf(sent) };
    }

    public override async Task Watch(WatchCommandRequest request, IServerStreamWriter<CommandUpdate> responseStream, ServerCallContext context)
    {
        if (!Guid.TryParse(request.CommandId, CultureInfo.InvariantCulture, out var id)) throw MachineCommand.NotFound.ToRpc();
        var ct = context.CancellationToken;
        using var watching = board.Watch(id);
        MachineCommand? row = null;
        CommandUpdate? last = null;
        var read = time.GetTimestamp();
        while (true)
        {
            if (watching.TakeChanged() || row is null || time.GetElapsedTime(read) >= Poll)
            {
                row = await db.Commands.AsNoTracking().SingleOrDefaultAsync(c => c.Id == id, ct) ?? throw MachineCommand.NotFound.ToRpc();
                read = time.GetTimestamp();
            }

            var update = UpdateOf(row);
            if (!update.Equals(last))
            {
                await responseStream.WriteAsync(update, ct);
                last = update;
                if (!row.IsOpen) return;
                await Task.Delay(LeastGap, time, ct);
            }
            else
            {
                await watching.WaitAsync(Poll, time, ct);
            }
        }
    }

    private CommandUpdate UpdateOf(MachineCommand row)
    {
        var update = new CommandUpdate { State = StateOf(row), Connected = links.Holds(row.MachineId) };
        if (row.IsOpen) update.Progress = board.ProgressOf(row.Id);
        if (row.Result is { } result) update.Result = CommandResult.Parser.ParseFrom(result);
        if (row.State == CommandState.Expired) update.Result = new CommandResult { CommandId = row.Id.ToString(), Code = MachineCommand.ExpiredCode, Message = "The machine did not take the command in time." };
        return update;
    }

    private string StateOf(MachineCommand row) => row.State switch
    {
        CommandState.Waiting => links.TryGet(row.MachineId, out var session) && session.Knows(row.Id) ? "sent" : "waiting",
        CommandState.Received => "received",
        CommandState.Finished => "finished",
        _ => "expired",
    };
}
