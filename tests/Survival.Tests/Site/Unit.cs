using System.Diagnostics;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>A program that is started again a second after it ended, as systemd does it with this product's units.</summary>
internal sealed class Unit(Func<ProcessStartInfo> start) : IAsyncDisposable
{
    /// <summary>The exit code after which a start makes no sense: the configuration is wrong.</summary>
    private const int Configuration = 78;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private CancellationTokenSource stopping = new();
    private Task held = Task.CompletedTask;
    private Process? process;

    /// <summary>When it was started last.</summary>
    public DateTimeOffset StartedAt { get; private set; }

    public void Start()
    {
        stopping = new();
        Launch();
        held = HoldAsync(stopping.Token);
    }

    /// <summary>SIGKILL; it comes again by itself.</summary>
    public void Kill()
    {
        lock (gate)
        {
            if (process is { HasExited: false }) process.Kill();
        }
    }

    /// <summary>SIGTERM, and its end; it stays away until <see cref="Start"/>.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await held;
        if (process is null) return;
        if (!process.HasExited) Signals.Terminate(process.Id);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
    }

    private async Task HoldAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await process!.WaitForExitAsync(ct);
                if (process.ExitCode == Configuration) return;
                await Task.Delay(Pause, TimeProvider.System, ct);
                Launch();
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private void Launch()
    {
        lock (gate)
        {
            process?.Dispose();
            StartedAt = TimeProvider.System.GetUtcNow();
            process = Process.Start(start()) ?? throw new InvalidOperationException("the program did not start");
        }
    }
}

/// <summary>Signals that .NET does not send.</summary>
internal static class Signals
{
    public static void Terminate(int processId) => Send("-TERM", processId);

    public static void Kill(int processId) => Send("-KILL", processId);

    private static void Send(string signal, int processId)
    {
        using var kill = Process.Start("kill", [signal, processId.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
