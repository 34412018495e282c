using Google.Protobuf;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Commands;

/// <summary>Ends commands that no machine will answer any more.</summary>
internal static class OpenCommands
{
    /// <summary>Part of the caller's transaction.</summary>
    public static async Task EndAsync(PorterDb db, Guid machine, string code, string message, DateTimeOffset now, CancellationToken ct)
    {
        var open = await db.Commands.Where(c => c.MachineId == machine && (c.State == CommandState.Waiting || c.State == CommandState.Received)).ToListAsync(ct);
        foreach (var command in open) command.Finish(Refusal(command.Id, code, message), now);
    }

    public static byte[] Refusal(Guid id, string code, string message) => new CommandResult { CommandId = id.ToString(), Ok = false, Code = code, Message = message }.ToByteArray();
}
