using System.Globalization;
using System.Runtime.InteropServices;
using HyperBdr.AppHost.Processes;
using HyperBdr.AppHost.Processes.Servers;
using HyperBdr.Fixtures;

namespace HyperBdr.TestHost;

/// <summary><c>servers HOME PORT_BASE FILE</c>: starts the three servers, writes FILE for HYPERBDR_TEST_SERVERS when they are healthy, and runs until SIGTERM.</summary>
internal static class SharedServers
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var home, var portText, var file] || !int.TryParse(portText, CultureInfo.InvariantCulture, out var port))
        {
            await Console.Error.WriteLineAsync("usage: servers HOME PORT_BASE FILE");
            return 64;
        }
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            await using var servers = await BackingServers.StartAsync(home, port, durable: false, stop.Token);
            new TestServersFile(servers.Home, servers.PortBase).Write(file);
            await Task.Delay(Timeout.Infinite, stop.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (StartProblemException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }
}
