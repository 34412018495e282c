using System.Net.Sockets;
using HyperBdr.Contracts.Control;

namespace HyperBdr.Hmctl.Suites;

/// <summary>Local processes, over the control socket of their home.</summary>
internal sealed class ControlSuite(string home) : ISuite
{
    /// <summary>The suite ends within 25 s at most; then its socket is gone.</summary>
    private static readonly TimeSpan ShutdownWithin = TimeSpan.FromSeconds(40);

    public async Task<SuiteStatus> StatusAsync(CancellationToken ct)
    {
        using var client = new ControlClient(home);
        return await AskAsync(() => client.StatusAsync(ct)) ?? throw NotRunning();
    }

    public async Task OrderAsync(Order order, string? service, CancellationToken ct)
    {
        using var client = new ControlClient(home);
        var verb = order switch { Order.Start => "start", Order.Stop => "stop", Order.Restart => "restart", Order.Reload => "reload", _ => "shutdown" };
        var problem = await AskAsync(() => client.PostAsync(service is null ? $"/{verb}" : $"/services/{Uri.EscapeDataString(service)}/{verb}", ct));
        if (problem is not null) throw Refused(problem);
        if (order is Order.Shutdown) await EndedAsync(client, ct);
    }

    public async Task LogsAsync(string service, int tail, bool follow, Stream to, CancellationToken ct)
    {
        using var client = new ControlClient(home);
        var (text, problem) = await AskAsync(() => client.LogsAsync(service, tail, follow, ct));
        if (problem is not null) throw Refused(problem);
        await using (text)
        {
            try
            {
                await text!.CopyToAsync(to, ct);
            }
            catch (HttpIOException) when (follow)
            {
                // The suite ended while it was followed: so has its log.
            }
        }
    }

    private static async Task EndedAsync(ControlClient client, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (File.Exists(client.Socket))
        {
            if (TimeProvider.System.GetElapsedTime(started) > ShutdownWithin)
                throw new CommandFailedException(ExitCodes.TimedOut, $"The suite has not ended after {ShutdownWithin.TotalSeconds:0} s: see ./run --status, and end the process that is left by hand.");
            await Task.Delay(50, ct);
        }
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            throw new CommandFailedException(ExitCodes.NoState, $"The suite of {home} belongs to another user: run hmctl as the user who started it (or with sudo).");
        }
        catch (HttpRequestException)
        {
            throw NotRunning();
        }
    }

    private CommandFailedException NotRunning() =>
        new(ExitCodes.NoState, $"No suite runs with {home}: start it with ./run --detach, or name its folder with --home or HYPERBDR_HOME.");

    private static CommandFailedException Refused(ControlProblem problem) =>
        new(problem.Code == "control.service.unknown" ? ExitCodes.Usage : ExitCodes.NotUp, char.ToUpperInvariant(problem.Message[0]) + problem.Message[1..]);
}
