using System.Globalization;

namespace HyperBdr.Demo.Protect;

/// <summary>A cloud sync gateway on this machine, installed and started by the one-line command in a folder of its own, without systemd.</summary>
internal sealed class SyncGateway : IAsyncDisposable
{
    private readonly string home;

    private SyncGateway(string home) => this.home = home;

    /// <param name="command">What the suite shows for copying.</param>
    /// <param name="address">Where the guest reaches the gateway.</param>
    public static async Task<SyncGateway> InstallAsync(string command, string home, string address, Action<string> output, CancellationToken ct)
    {
        Directory.CreateDirectory(home);
        var gateway = new SyncGateway(home);
        try
        {
            var install = command.Replace("&& bash)", $"&& bash -s -- --no-systemd --home '{home}' --public-ip {address})", StringComparison.Ordinal);
            output(await Tool.RunAsync("bash", ["-c", $"set -o pipefail; export HOME='{home}'; {install} 2>&1"], ct));
            return gateway;
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends watchman and the endpoint by their own command, and then what else runs from the folder: the exporter.</summary>
    public async ValueTask DisposeAsync()
    {
        var watchman = Path.Combine(home, "watchman");
        if (File.Exists(watchman)) await Tool.RunAsync(watchman, ["stop", "--home", home], CancellationToken.None);
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), CultureInfo.InvariantCulture, out _) && IsOurs(p)))
            await Tool.RunAsync("sh", ["-c", $"kill -TERM {Path.GetFileName(process)} 2>/dev/null || true"], CancellationToken.None);
    }

    private bool IsOurs(string process)
    {
        try
        {
            return new FileInfo(Path.Combine(process, "exe")).LinkTarget?.StartsWith(home + "/", StringComparison.Ordinal) == true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or belongs to somebody else.
            return false;
        }
    }
}
