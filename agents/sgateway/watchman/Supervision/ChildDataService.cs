using System.ComponentModel;
using System.Diagnostics;

namespace HyperBdr.Watchman.Supervision;

/// <summary>s3block as a process of its own session, so that it outlives watchman and the next one finds it by its process file.</summary>
internal sealed class ChildDataService(GatewayHome home, TimeProvider time) : IDataService, IDisposable
{
    // Its output goes straight into a file: a pipe would break with watchman. The shell only opens the file and becomes the program.
    private const string IntoFile = "exec \"$@\" >>\"$0\" 2>&1 </dev/null";
    private readonly ProcessFile file = new(home.DataProcess, time);
    private Process? own;

    public Task<bool> IsRunningAsync(CancellationToken ct) => Task.FromResult(file.Running() is not null);

    public Task StartAsync(CancellationToken ct)
    {
        own?.Dispose();
        try
        {
            own = Process.Start(new ProcessStartInfo("setsid", ["/bin/sh", "-c", IntoFile, home.DataOutput, home.Program, "serve", "--home", home.Path]) { WorkingDirectory = home.Path });
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{home.Program} cannot be started: {e.Message}", e);
        }

        file.Keep(own!.Id);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken ct) => file.StopAsync(ct);

    public void Dispose() => own?.Dispose();
}

/// <summary>s3block as <c>s3block.service</c>.</summary>
internal sealed class SystemdDataService : IDataService
{
    private const string Unit = "s3block.service";

    /// <summary>systemd runs this machine and knows the unit.</summary>
    public static bool IsThere => Directory.Exists("/run/systemd/system") && File.Exists($"/etc/systemd/system/{Unit}");

    public async Task<bool> IsRunningAsync(CancellationToken ct) => (await Programs.RunAsync("systemctl", ["is-active", "--quiet", Unit], ct)).Code == 0;

    public Task StartAsync(CancellationToken ct) => DoAsync("start", ct);

    public Task StopAsync(CancellationToken ct) => DoAsync("stop", ct);

    private static async Task DoAsync(string what, CancellationToken ct)
    {
        var (code, output) = await Programs.RunAsync("systemctl", [what, Unit], ct);
        if (code != 0) throw new IOException($"systemctl {what} {Unit} failed: {output}");
    }
}
