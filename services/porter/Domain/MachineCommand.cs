using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Porter.Domain;

public enum CommandState
{
    /// <summary>Kept here; the machine has not said that it has it.</summary>
    Waiting,
    /// <summary>The machine keeps it.</summary>
    Received,
    Finished,
    /// <summary>Its time ended before the machine had it.</summary>
    Expired,
}

/// <summary>A command to a machine: it is kept until the machine has answered it or its time has ended.</summary>
public sealed class MachineCommand : ITenantOwned
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "porter.command.not_found", "No such command.");
    public static readonly Error NotAcceptable = new(ErrorKind.Validation, "porter.command.not_acceptable", "A command needs an id (UUID), a body and an end of its time that lies ahead, at most 7 days.");
    public static readonly Error IdTaken = new(ErrorKind.Conflict, "porter.command.id_taken", "This command id belongs to another machine.");

    /// <summary>What a command that no machine will ever answer ends with.</summary>
    public const string StoppedCode = "porter.command.stopped";
    public const string ExpiredCode = "porter.command.expired";

    public required Guid Id { get; init; }
    public required Guid TenantId { get; init; }
    public required Guid MachineId { get; init; }
    /// <summary>Name of the body's field, e.g. <c>start_sync</c>.</summary>
    public required string Kind { get; init; }
    /// <summary>The whole command, sealed.</summary>
    public required byte[] SealedPayload { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public CommandState State { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }
    /// <summary>The machine's answer in protobuf form.</summary>
    public byte[]? Result { get; private set; }
    public uint Version { get; private set; }

    public bool IsOpen => State is CommandState.Waiting or CommandState.Received;

    /// <returns>False when it had ended before: the first end counts.</returns>
    public bool Finish(byte[] result, DateTimeOffset now)
    {
        if (!IsOpen) return false;
        (State, Result, FinishedAt) = (CommandState.Finished, result, now);
        return true;
    }
}
