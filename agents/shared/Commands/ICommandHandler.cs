using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Commands;

/// <summary>What a program does with the console's commands. Calls come side by side.</summary>
public interface ICommandHandler
{
    /// <summary>Does one command; called again for the same command only after this process ended (or was dismissed) without having finished it.</summary>
    /// <remarks>
    /// What it returns is kept on disk before it is sent. When <paramref name="ct"/> is cancelled it throws <see cref="OperationCanceledException"/>: the command
    /// stays unfinished and is resumed later. Any other exception becomes a failed result. RefreshInventory and UpdateSettings never come here.
    /// </remarks>
    Task<CommandResult> ExecuteAsync(CommandRun run, CancellationToken ct);

    /// <summary>Takes over the console's settings, at each connection and on each change; without effect for a revision that is in use.</summary>
    /// <exception cref="Settings.SettingsException">A value is not allowed.</exception>
    Task ApplyAsync(AgentSettings settings, CancellationToken ct);
}

/// <summary>One command that is worked on.</summary>
/// <param name="command">As it came.</param>
/// <param name="resumed">An earlier process began with it and did not finish.</param>
/// <param name="report">Takes progress.</param>
public sealed class CommandRun(Command command, bool resumed, Action<CommandProgress> report)
{
    public Command Command { get; } = command;

    public string Id => Command.Id;

    public bool Resumed { get; } = resumed;

    /// <summary>The newest progress is sent, at most once a second. The command's id is set here.</summary>
    public void Report(CommandProgress progress)
    {
        progress.CommandId = Id;
        report(progress);
    }

    public CommandResult Ok() => new() { CommandId = Id, Ok = true };

    /// <param name="code">Stable, e.g. <c>agent.disk.read_failed</c>.</param>
    /// <param name="message">For people: reason first.</param>
    public CommandResult Failed(string code, string message) => new() { CommandId = Id, Code = code, Message = message };
}
