using System.Diagnostics;
using HyperBdr.AppHost.Processes.Logs;

namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>A started process, its output pumps and its record under <c>run/</c>.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly string _record;
    private readonly Task _pumps;
    private string? _lastError;

    private Child(Process process, string record, RotatingLog log)
    {
        (_process, _record) = (process, record);
        _pumps = Task.WhenAll(
            OutputPump.RunAsync(process.StandardOutput.BaseStream, log, lastLine: null),
            OutputPump.RunAsync(process.StandardError.BaseStream, log, line => _lastError = line));
        Exited = WaitAsync();
    }

    public int Id => _process.Id;

    /// <summary>Completes with the exit code (128 + signal when killed), after all output is in the log.</summary>
    public Task<int> Exited { get; }

    /// <summary>Last line of its standard error.</summary>
    public string? LastError => _lastError;

    public static async Task<Child> StartAsync(Launch launch, string record, RotatingLog log)
    {
        var process = await Spawner.StartAsync(launch);
        // A process that ended at once has no identity any more, and needs no record.
        if (ProcessIdentity.Of(process.Id) is { } identity) Home.WritePrivate(record, identity.Serialize());
        return new Child(process, record, log);
    }

    /// <summary>Asks it to end; when it has not by <paramref name="limit"/> or when the token fires, kills its whole group.</summary>
    public async Task StopAsync(Signal signal, TimeSpan limit, CancellationToken killNow)
    {
        Libc.AskToEnd(Id, signal);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(killNow);
        deadline.CancelAfter(limit);
        try
        {
            await Exited.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Libc.Kill(-Id, Signal.Kill);
            await Exited;
        }
    }

    public void Kill() => Libc.Kill(-Id, Signal.Kill);

    public void Dispose() => _process.Dispose();

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        // What it started and left behind (its session) must not outlive it; nor hold its output open.
        Libc.Kill(-Id, Signal.Kill);
        await Task.WhenAny(_pumps, Task.Delay(TimeSpan.FromSeconds(2)));
        File.Delete(_record);
        return _process.ExitCode;
    }
}
