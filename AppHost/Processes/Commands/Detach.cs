using System.Diagnostics;
using HyperBdr.Contracts.Control;

namespace HyperBdr.AppHost.Processes.Commands;

/// <summary><c>--detach</c>: starts the suite in a session of its own and returns when it is healthy.</summary>
internal static class Detach
{
    private static readonly TimeSpan HealthyWithin = TimeSpan.FromSeconds(300);

    public static async Task<int> RunAsync(Home home, RunOptions options, TextWriter output, TextWriter error, CancellationToken ct)
    {
        // Says at once that a suite runs already; the background process takes it again.
        HomeLock.Take(home).Dispose();
        // Each background process has a file of its own for what it cannot do.
        var problems = Path.Combine(home.Run, "start-problem");
        using var suite = Start(options, problems);
        using var control = new ControlClient(home.Root);
        var started = TimeProvider.System.GetTimestamp();
        SuiteStatus? status = null;
        while (TimeProvider.System.GetElapsedTime(started) < HealthyWithin)
        {
            if (suite.HasExited)
            {
                var said = File.Exists(problems) ? (await File.ReadAllTextAsync(problems, ct)).Trim() : "";
                await error.WriteLineAsync(said.Length > 0 ? said : $"The suite ended with exit {suite.ExitCode}: run it in the foreground with ./run to see why.");
                return 1;
            }
            status = await control.StatusAsync(ct);
            if (status is { Healthy: true })
            {
                await Welcome.WriteAsync(home, status.Console, output);
                return 0;
            }
            await Task.Delay(100, ct);
        }
        foreach (var one in status?.Services.Where(one => !IsReady(one)) ?? [])
            await error.WriteLineAsync($"{one.Name}: {one.Text}{(one.Problem is null ? "" : $", {one.Problem}")}. See {Path.Combine(home.Logs, one.Name, one.Name + ".log")}");
        await error.WriteLineAsync($"Not healthy after {HealthyWithin.TotalSeconds:0} s; it keeps trying. End it with ./run --stop.");
        return 1;
    }

    private static bool IsReady(ServiceStatus one) => one.State is ServiceState.Healthy or ServiceState.Up or ServiceState.Exited;

    /// <summary>A new session, so that closing the terminal does not end it, and no inherited output, so that nobody waits for its end.</summary>
    private static Process Start(RunOptions options, string problems)
    {
        var info = new ProcessStartInfo("/bin/sh")
        {
            UseShellExecute = false,
            ArgumentList = { "-c", "exec setsid \"$@\" </dev/null >/dev/null 2>\"$HYPERBDR_START_PROBLEM\"", "sh" },
            Environment = { ["HYPERBDR_START_PROBLEM"] = problems },
        };
        info.ArgumentList.Add(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") info.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        info.ArgumentList.Add(RunOptions.BackgroundSwitch);
        foreach (var setting in options.Settings) info.ArgumentList.Add(setting);
        return Process.Start(info) ?? throw new StartProblemException("The background process did not start: run ./run in the foreground.");
    }
}
