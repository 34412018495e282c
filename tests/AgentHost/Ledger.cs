using System.Text;
using HyperBdr.Agents.Commands;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.AgentHost;

/// <summary>Writes down what it was told to do, so that a test can count it after a kill.</summary>
internal sealed class Ledger(string path) : ICommandHandler, IDisposable
{
    private readonly FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    public async Task<CommandResult> ExecuteAsync(CommandRun run, CancellationToken ct)
    {
        Write($"{(run.Resumed ? "resume" : "begin")} {run.Id}");
        await Task.Yield();
        Write($"end {run.Id}");
        var result = run.Ok();
        result.Message = $"by {Environment.ProcessId}";
        return result;
    }

    public Task ApplyAsync(AgentSettings settings, CancellationToken ct) => Task.CompletedTask;

    public void Dispose() => file.Dispose();

    private void Write(string line)
    {
        lock (file) file.Write(Encoding.ASCII.GetBytes(line + "\n"));
    }
}
