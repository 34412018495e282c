using HyperBdr.Agents.Commands;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.LinuxAgent.Settings;
using HyperBdr.LinuxAgent.Syncs;

namespace HyperBdr.LinuxAgent.Service;

/// <summary>The console's commands to this machine.</summary>
internal sealed class AgentCommands(DiskSyncer syncer, SyncSlot slot, AgentSettingsStore store, Action settingsChanged) : ICommandHandler
{
    public async Task<CommandResult> ExecuteAsync(CommandRun run, CancellationToken ct)
    {
        switch (run.Command.BodyCase)
        {
            case Command.BodyOneofCase.StartSync:
                return await syncer.RunAsync(run, ct);
            case Command.BodyOneofCase.StopSync:
                slot.Stop(run.Command.StopSync.CommandId);
                return run.Ok();
            case Command.BodyOneofCase.SetRate:
                slot.SetRate(run.Command.SetRate.CommandId, run.Command.SetRate.LimitBitsPerSecond);
                return run.Ok();
            default:
                return run.Failed("agent.command.unknown", $"A Linux agent does not do {run.Command.BodyCase}.");
        }
    }

    public Task ApplyAsync(AgentSettings settings, CancellationToken ct)
    {
        store.Apply(settings);
        settingsChanged();
        return Task.CompletedTask;
    }
}
