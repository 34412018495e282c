using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HyperBdr.Demo;
using HyperBdr.Demo.Protect;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>A cloud sync gateway whose data has a file system of its own; watchman is held as by systemd, s3block by watchman.</summary>
internal sealed class GuardedGateway : IAsyncDisposable
{
    private readonly string home;
    private SyncGateway? installed;

    private GuardedGateway(string home)
    {
        this.home = home;
        Watchman = new Unit(() => new ProcessStartInfo(Path.Combine(home, "watchman"), ["run", "--home", home, "--supervise", "direct"]) { UseShellExecute = false, RedirectStandardOutput = false });
    }

    public Unit Watchman { get; }

    /// <summary>Where s3block keeps its objects.</summary>
    public string Data => Path.Combine(home, "diskdir");

    /// <param name="image">A sparse file that holds the data's file system.</param>
    /// <param name="bytes">Its length.</param>
    public static async Task<GuardedGateway> InstallAsync(string home, string image, long bytes, string command, string address, Action<string> output, CancellationToken ct)
    {
        var gateway = new GuardedGateway(home);
        Directory.CreateDirectory(gateway.Data);
        Directory.CreateDirectory(Path.Combine(home, "config"));
        await Tool.RunAsync("truncate", ["-s", bytes.ToString(CultureInfo.InvariantCulture), image], ct);
        await Tool.RunAsync("mkfs.ext4", ["-q", "-m", "0", image], ct);
        await Tool.RunAsync("mount", ["-o", "loop", image, gateway.Data], ct);
        try
        {
            var port = FreePort();
            await File.WriteAllTextAsync(Path.Combine(home, "config", "s3block_config.ini"),
                string.Create(CultureInfo.InvariantCulture, $"[system]\nlisten = 0.0.0.0:{port}\nmonitor = 127.0.0.1:{port + 1}\nmin_free_mb = 64\n"), ct);
            gateway.installed = await SyncGateway.InstallAsync(command, home, address, output, ct);
            await gateway.TakeOverAsync(ct);
            return gateway;
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException)
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    public void KillS3Block()
    {
        if (ProcessOf("s3block") is { } id) Signals.Kill(id);
    }

    /// <summary>What <c>s3block check</c> says of the stopped gateway's data.</summary>
    public async Task<string> CheckAsync()
    {
        await Watchman.StopAsync();
        if (ProcessOf("s3block") is { } id)
        {
            Signals.Terminate(id);
            await Patience.UntilAsync("s3block has ended", TimeSpan.FromSeconds(30), () => Task.FromResult(ProcessOf("s3block") is null));
        }

        try
        {
            return await Tool.RunAsync(Path.Combine(home, "s3block"), ["check", "--home", home], CancellationToken.None);
        }
        finally
        {
            Watchman.Start();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Watchman.DisposeAsync();
        if (installed is not null) await installed.DisposeAsync();
        // The last program's files may be closed a moment after it.
        await Patience.UntilAsync("the gateway's data are unmounted", TimeSpan.FromSeconds(20), async () =>
        {
            try
            {
                await Tool.RunAsync("umount", [Data], CancellationToken.None);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        });
    }

    /// <summary>The installer's watchman ends, the unit's begins; s3block serves on.</summary>
    private async Task TakeOverAsync(CancellationToken ct)
    {
        var file = Path.Combine(home, "run", "watchman.pid");
        await Patience.UntilAsync("watchman runs", TimeSpan.FromSeconds(20), () => Task.FromResult(File.Exists(file) && ProcessOf("watchman") is not null && ProcessOf("s3block") is not null));
        Signals.Kill(ProcessOf("watchman")!.Value);
        await Patience.UntilAsync("watchman has ended", TimeSpan.FromSeconds(20), () => Task.FromResult(ProcessOf("watchman") is null));
        ct.ThrowIfCancellationRequested();
        Watchman.Start();
    }

    private int? ProcessOf(string program)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), CultureInfo.InvariantCulture, out _)))
        {
            try
            {
                if (string.Equals(new FileInfo(Path.Combine(folder, "exe")).LinkTarget, Path.Combine(home, program), StringComparison.Ordinal)) return int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }
        }

        return null;
    }

    private static int FreePort()
    {
        for (var port = 23_000 + Environment.ProcessId % 500 * 2; ; port += 2)
        {
            if (IsFree(port) && IsFree(port + 1)) return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
