using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HyperBdr.Platforms.Tests.Guest;

namespace HyperBdr.Platforms.Tests;

/// <summary>A repository with one point of the bootable guest, made and used by the real hbdr, with a key and an escrow key.</summary>
internal sealed class Repository(string folder) : IDisposable
{
    private readonly List<Process> exporters = [];

    private static readonly string Hbdr = Path.Combine(BootableGuest.Root(), ".build", "hbdr", "hbdr");

    public string Place => Path.Combine(folder, "repo");

    public string EscrowKey => Path.Combine(folder, "escrow.pem");

    private string KeyFile => Path.Combine(folder, "key");

    /// <summary>Ends what a failed test left.</summary>
    public void Dispose()
    {
        foreach (var exporter in exporters)
        {
            if (!exporter.HasExited) exporter.Kill();
            exporter.Dispose();
        }
    }

    public async Task MakeAsync()
    {
        await Tool.RunAsync("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", EscrowKey);
        await Tool.RunAsync("openssl", "pkey", "-in", EscrowKey, "-pubout", "-out", EscrowKey + ".pub");
        await RunAsync("init", Place, "--escrow", EscrowKey + ".pub");
        await RunAsync("backup", Place, BootableGuest.Disk, "--host", "guest");
    }

    public async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"hbdr {string.Join(' ', arguments)}: {process.ExitCode}\n{output}{await error}");
    }

    public Process Start(string[] arguments, bool withKeyFile = true)
    {
        var start = new ProcessStartInfo(Hbdr, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (withKeyFile) start.Environment["HBDR_KEY_FILE"] = KeyFile;
        start.Environment["HBDR_CACHE"] = Path.Combine(folder, withKeyFile ? "cache" : "other-cache");
        return Process.Start(start)!;
    }

    /// <summary>Exports the point's disk; returns when it can be connected to.</summary>
    public async Task<(Process Exporter, string Uri)> ExportAsync(string overlay, string profile)
    {
        var exporter = Start(["mount-nbd", Place, "latest", "--socket", Path.Combine(folder, "point.sock"), "--writable", overlay, "--profile", profile, "--json"]);
        exporters.Add(exporter);
        _ = exporter.StandardError.ReadToEndAsync();
        var line = await exporter.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("hbdr mount-nbd ended");
        return (exporter, JsonSerializer.Deserialize<JsonElement>(line).GetProperty("uri").GetString()!);
    }

    public static async Task EndAsync(Process exporter)
    {
        await Tool.RunAsync("kill", "-INT", exporter.Id.ToString(CultureInfo.InvariantCulture));
        await exporter.WaitForExitAsync();
    }
}
