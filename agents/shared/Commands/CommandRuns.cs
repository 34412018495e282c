using System.Collections.Concurrent;
using HyperBdr.Agents.Settings;
using HyperBdr.Contracts.Porter.V1;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Agents.Commands;

/// <summary>Commands while they are done: begins them, keeps their results, holds their newest progress.</summary>
internal sealed partial class CommandRuns(CommandJournal journal, ICommandHandler handler, Func<CancellationToken, Task<Inventory>> inventory, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan WriteRetry = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, Task> running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CommandProgress> progress = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private CancellationTokenSource stop = new();
    private bool held;

    /// <summary>A result was kept and can be sent.</summary>
    public Action<CommandResult>? Finished { get; set; }

    /// <summary>An inventory that a command asked for.</summary>
    public Action<Inventory>? Collected { get; set; }

    public IReadOnlyList<string> Working => [.. journal.Unfinished.Select(c => c.Id)];

    /// <summary>Takes the newest progress of each command since the last call.</summary>
    public IReadOnlyList<CommandProgress> TakeProgress() =>
        [.. progress.Keys.Select(id => progress.TryRemove(id, out var newest) ? newest : null).OfType<CommandProgress>()];

    /// <summary>Begins every kept command that is not worked on.</summary>
    public void StartUnfinished()
    {
        lock (gate)
        {
            held = false;
            foreach (var command in journal.Unfinished.Where(c => !running.ContainsKey(c.Id))) Start(command, resumed: true);
        }
    }

    /// <summary>Stops what is worked on and begins nothing until <see cref="StartUnfinished"/>; returns when all has stopped.</summary>
    public async Task HoldAsync()
    {
        CancellationTokenSource current;
        lock (gate)
        {
            held = true;
            (current, stop) = (stop, new CancellationTokenSource());
        }

        await current.CancelAsync();
        current.Dispose();
        await Task.WhenAll(running.Values);
    }

    public async ValueTask DisposeAsync()
    {
        await HoldAsync();
        stop.Dispose();
    }

    private void Start(Command command, bool resumed)
    {
        if (held) return;
        var ct = stop.Token;
        var run = new CommandRun(command, resumed, p => progress[command.Id] = p);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running[command.Id] = RunAsync();
        begun.SetResult();

        async Task RunAsync()
        {
            await begun.Task;
            try
            {
                if (await ResultAsync(run, ct) is { } result) await KeepAsync(result, ct);
            }
            finally
            {
                running.TryRemove(command.Id, out _);
                progress.TryRemove(command.Id, out _);
            }
        }
    }

    /// <summary>Keeps a command that arrived and begins it.</summary>
    /// <returns>The result when there is one at once; whether the command is kept.</returns>
    public (bool Kept, CommandResult? Result) Take(Command command)
    {
        try
        {
            var (arrival, result) = journal.Accept(command);
            switch (arrival)
            {
                case Arrival.Refused:
                    return (false, new CommandResult { CommandId = command.Id, Code = "agent.command.refused", Message = "The command's id or size is not allowed, or too many commands are unfinished on this machine." });
                case Arrival.New:
                    lock (gate) Start(command, resumed: false);
                    break;
            }

            return (true, result);
        }
        catch (IOException e)
        {
            // Never begun, so the answer may be given without being kept: the same command is refused again, or done, when it comes again.
            NotKept(log, e, command.Id);
            return (false, new CommandResult { CommandId = command.Id, Code = "agent.disk.full", Message = $"This machine cannot keep the command on its disk: {e.Message}" });
        }
    }

    /// <returns>Null when it was stopped before its end.</returns>
    private async Task<CommandResult?> ResultAsync(CommandRun run, CancellationToken ct)
    {
        try
        {
            var result = await ExecuteAsync(run, ct);
            result.CommandId = run.Id;
            return result;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return null;
        }
        catch (SettingsException e)
        {
            return run.Failed("agent.settings.refused", e.Message);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Broke(log, e, run.Id);
            return run.Failed("agent.command.failed", $"The command ended by a failure inside of the agent: {e.Message}");
        }
    }

    private async Task<CommandResult> ExecuteAsync(CommandRun run, CancellationToken ct)
    {
        switch (run.Command.BodyCase)
        {
            case Command.BodyOneofCase.RefreshInventory:
                Collected?.Invoke(await inventory(ct));
                return run.Ok();
            case Command.BodyOneofCase.UpdateSettings:
                await handler.ApplyAsync(run.Command.UpdateSettings, ct);
                return run.Ok();
            case Command.BodyOneofCase.None:
                return run.Failed("agent.command.unknown", "This version does not know the command: upgrade it.");
            default:
                return await handler.ExecuteAsync(run, ct);
        }
    }

    private async Task KeepAsync(CommandResult result, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                journal.Finish(result);
                Finished?.Invoke(result);
                return;
            }
            catch (IOException e)
            {
                // A result that is told before it is kept would be worked out again after a crash: it waits for the disk.
                NotKept(log, e, result.CommandId);
            }

            try
            {
                await Task.Delay(WriteRetry, time, ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(EventId = 8111, Level = LogLevel.Error, Message = "The disk did not take what belongs to command {CommandId}")]
    private static partial void NotKept(ILogger log, Exception e, string commandId);

    [LoggerMessage(EventId = 8112, Level = LogLevel.Error, Message = "Command {CommandId} ended by a failure inside")]
    private static partial void Broke(ILogger log, Exception e, string commandId);
}
