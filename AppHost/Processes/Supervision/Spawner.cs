using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>Starts every child on one thread that lives as long as this process.</summary>
/// <remarks>
/// The parent-death signal (prctl(2), PR_SET_PDEATHSIG) is sent when the <em>thread</em> that forked ends, not the
/// process. Pool threads end when idle, and would take healthy services with them.
/// </remarks>
internal static class Spawner
{
    private static readonly BlockingCollection<Action> Queue = [];

    static Spawner() => new Thread(Work) { IsBackground = true, Name = "spawner" }.Start();

    /// <param name="input">Text for its standard input, which is then closed.</param>
    public static Task<Process> StartAsync(Launch launch, string? input = null)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Queue.Add(() =>
        {
            try
            {
                started.SetResult(Start(launch, input));
            }
            catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    private static void Work()
    {
        foreach (var action in Queue.GetConsumingEnumerable()) action();
    }

    private static Process Start(Launch launch, string? input)
    {
        var argv = launch.Argv().ToList();
        var info = new ProcessStartInfo(argv[0], argv.Skip(1))
        {
            UseShellExecute = false,
            WorkingDirectory = launch.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in launch.Environment) info.Environment[name] = value;
        var process = Process.Start(info) ?? throw new InvalidOperationException($"{launch.File} did not start");
        try
        {
            if (input is not null) process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read; its exit code says why.
        }
        return process;
    }
}
