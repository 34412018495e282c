using System.Runtime.InteropServices;
using HyperBdr.AppHost.Processes.Control;
using HyperBdr.AppHost.Processes.Packages;
using HyperBdr.AppHost.Processes.Servers;
using HyperBdr.AppHost.Processes.Services;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Commands;

/// <summary>Runs the system: checks, starts, watches, stops. Exit codes: 0 orderly end, 1 a problem (one line on standard error).</summary>
internal static class Run
{
    private static readonly TimeSpan LeftoversEndWithin = TimeSpan.FromSeconds(15);

    public static async Task<int> RunAsync(DistributedApplication application, RunOptions options, TextWriter output, TextWriter error, CancellationToken ct)
    {
        try
        {
            var home = Home.At(application.Configuration["HYPERBDR_HOME"]!);
            home.Create();
            return options.Detach
                ? await Detach.RunAsync(home, options, output, error, ct)
                : await HereAsync(application, home, options, output, ct);
        }
        catch (StartProblemException e)
        {
            await error.WriteLineAsync(e.Message.ReplaceLineEndings(" "));
            return 1;
        }
    }

    private static async Task<int> HereAsync(DistributedApplication application, Home home, RunOptions options, TextWriter output, CancellationToken ct)
    {
        using var taken = HomeLock.Take(home);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Asked(signal, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Asked(signal, stop));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Asked(signal, stop));
        try
        {
            var runnables = await PrepareAsync(application, home, output, stop.Token);
            return await SuperviseAsync(application, home, runnables, options, output, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
    }

    private static async Task<IReadOnlyList<IRunnable>> PrepareAsync(DistributedApplication application, Home home, TextWriter output, CancellationToken ct)
    {
        Preflight.RequireSpace(home, Preflight.FreeBytes);
        await DebianPackages.EnsureAsync(application.Resources, output, ct);
        var user = await ServerUser.ResolveAsync(ct);
        await user.RequireAccessAsync(home.Data, ct);
        var ended = await Leftovers.EndAsync(home, LeftoversEndWithin, ct);
        if (ended.Count > 0) await output.WriteLineAsync($"Ended what a killed suite had left: {string.Join(", ", ended)}");

        var runnables = Plan.InOrder(new RunnableFactory(home, user, application.Configuration).Create(application.Resources));
        Preflight.RequirePorts(runnables);
        // Said before anything runs, not by the third service in line.
        foreach (var project in runnables.OfType<ProjectRunnable>()) await project.PrepareAsync(ct);
        return runnables;
    }

    private static async Task<int> SuperviseAsync(DistributedApplication application, Home home, IReadOnlyList<IRunnable> runnables, RunOptions options, TextWriter output, CancellationTokenSource stop)
    {
        await using var suite = new Suite(home, runnables, TimeProvider.System);
        var console = ConsoleAddress(application);
        await using var control = new ControlServer(suite, console, stop.Cancel);
        await control.StartAsync(stop.Token);
        suite.Start();
        using var reporting = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var report = Report.RunAsync(suite, output, isTerminal: !options.Background && !Console.IsOutputRedirected, reporting.Token);
        try
        {
            await suite.Board.UntilAsync(() => suite.IsHealthy || suite.FirstFailed is not null, stop.Token);
            if (suite.FirstFailed is { } failed) throw new StartProblemException($"{failed.Runnable.Name}: {failed.Problem}");
            if (!options.Background) await Welcome.WriteAsync(home, console, output);
            await Task.Delay(Timeout.Infinite, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await output.WriteLineAsync("Stopping ...");
        }
        finally
        {
            await suite.StopAsync(CancellationToken.None);
            await reporting.CancelAsync();
            await report;
        }
        return 0;
    }

    private static void Asked(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    private static string ConsoleAddress(DistributedApplication application)
    {
        var endpoint = application.Resources.SelectMany(one => one.Endpoints).FirstOrDefault(one => one.Name == "console");
        return endpoint is null ? "" : $"https://localhost:{endpoint.Port}";
    }
}
