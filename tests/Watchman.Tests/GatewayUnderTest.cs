using System.Diagnostics;
using HyperBdr.Agents.Tests;

namespace HyperBdr.Watchman.Tests;

/// <summary>A gateway in a folder of its own, with the real programs as processes and a console to talk to.</summary>
public sealed class GatewayUnderTest : IAsyncDisposable
{
    private readonly List<Process> watchmen = [];

    private GatewayUnderTest(string home, StandingConsole console) => (Home, Console) = (home, console);

    public string Home { get; }

    public StandingConsole Console { get; }

    public int DataPort { get; } = StandingConsole.FreePort();

    public int MonitorPort { get; } = StandingConsole.FreePort();

    public Process Watchman => watchmen[^1];

    public static bool HasDataService => File.Exists(Built("sgateway/s3block", "s3block.dll"));

    public int? DataProcess => File.Exists(Path.Combine(Home, "run", "s3block.pid")) && int.TryParse(File.ReadAllText(Path.Combine(Home, "run", "s3block.pid")).Split(' ')[0], out var id) ? id : null;

    /// <summary>Enrolled, not running.</summary>
    public static async Task<GatewayUnderTest> EnrolledAsync()
    {
        var gateway = new GatewayUnderTest(Directory.CreateTempSubdirectory("hyperbdr-gateway-").FullName, await StandingConsole.StartAsync(StandingConsole.FreePort()));
        Directory.CreateDirectory(Path.Combine(gateway.Home, "config"));
        await File.WriteAllTextAsync(gateway.At("config", "s3block_config.ini"), $"[system]\nlisten = 127.0.0.1:{gateway.DataPort}\nmonitor = 127.0.0.1:{gateway.MonitorPort}\nmin_free_mb = 1\nkept_by_hand = yes\n");
        await File.WriteAllTextAsync(gateway.At("s3block"), $"#!/bin/sh\nexec dotnet '{Built("sgateway/s3block", "s3block.dll")}' \"$@\"\n");
        File.SetUnixFileMode(gateway.At("s3block"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(gateway.At("authority.pem"), gateway.Console.Authority.Pem);
        var (code, output) = await gateway.RunAsync("enroll", "--console", gateway.Console.Address, "--token", "good", "--authority", gateway.At("authority.pem"), "--public-ip", "127.0.0.1");
        return code == 0 ? gateway : throw new InvalidOperationException(output);
    }

    public string At(params string[] parts) => Path.Combine([Home, .. parts]);

    /// <summary>Changes a key in the file.</summary>
    public async Task ConfigureAsync(string key, string value)
    {
        var lines = await File.ReadAllLinesAsync(At("config", "s3block_config.ini"));
        await File.WriteAllLinesAsync(At("config", "s3block_config.ini"), lines.Select(l => l.StartsWith(key + " =", StringComparison.Ordinal) ? $"{key} = {value}" : l));
    }

    public void Start() => watchmen.Add(Process.Start(new ProcessStartInfo("dotnet", [Program, "run", "--home", Home, "--supervise", "direct"]))!);

    public async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Program, .. arguments, "--home", Home]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }

    public async Task<bool> ServesAsync()
    {
        using var http = new HttpClient();
        try
        {
            return (await http.GetAsync(new Uri($"http://127.0.0.1:{MonitorPort}/healthz"))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop");
        foreach (var watchman in watchmen) watchman.Dispose();
        await Console.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }

    public static string Built(string project, string file)
    {
        // .../tests/Watchman.Tests/bin/Release/net10.0/
        var root = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.Parent!;
        var ending = Path.GetRelativePath(Path.Combine(root.FullName, "tests", "Watchman.Tests"), AppContext.BaseDirectory);
        return Path.Combine(root.FullName, "agents", project, ending, "linux-x64", file);
    }

    private static string Program => Built("sgateway/watchman", "watchman.dll");
}
