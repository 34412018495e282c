using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;

namespace HyperBdr.Fixtures.Services;

/// <summary>One service of the suite as a real process on ports of its own, without gateway.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private readonly ConcurrentQueue<string> output = new();
    private readonly ProcessStartInfo start;
    private Process? process;

    /// <param name="name">Short name, e.g. <c>ant</c>; its assembly must be built in the same configuration as the tests.</param>
    /// <param name="settings">Environment on top of ports and home.</param>
    public ServiceProcess(string name, string home, IReadOnlyDictionary<string, string> settings)
    {
        Name = name;
        (HttpPort, GrpcPort) = (FreePort(), FreePort());
        start = new ProcessStartInfo("dotnet", [AssemblyOf(name)]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Path.GetTempPath() };
        foreach (var (key, value) in settings) start.Environment[key] = value;
        start.Environment["HYPERBDR_HOME"] = home;
        start.Environment["HTTP_PORT"] = HttpPort.ToString();
        start.Environment["GRPC_PORT"] = GrpcPort.ToString();
        start.Environment["DOTNET_gcServer"] = "0";
    }

    public string Name { get; }

    public int HttpPort { get; }

    public int GrpcPort { get; }

    public Uri Http => new($"http://127.0.0.1:{HttpPort}");

    public Uri Grpc => new($"http://127.0.0.1:{GrpcPort}");

    public int Id => process?.Id ?? throw new InvalidOperationException($"{Name} does not run");

    /// <summary>Everything it printed, all runs.</summary>
    public string Output => string.Join('\n', output);

    /// <summary>Starts it and returns when its ready check passes.</summary>
    public async Task StartAsync()
    {
        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = Http };
        await Waiting.UntilAsync($"{Name} is ready", ReadyWithin, async () =>
        {
            if (process.HasExited) throw new InvalidOperationException($"{Name} ended with {process.ExitCode}:\n{Output}");
            using var answer = await http.GetAsync("/healthz/ready");
            return answer.IsSuccessStatusCode;
        });
    }

    /// <summary>SIGKILL, and returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        if (process is null) return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    /// <summary>SIGSTOP or SIGCONT by its name in <c>kill</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", Id.ToString()]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0) throw new InvalidOperationException($"kill -{signal} {Name} failed");
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    /// <summary>The configuration that this process has of its home, for minting tokens and opening secrets.</summary>
    public static IConfiguration HomeConfiguration(string home) =>
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["HYPERBDR_HOME"] = home }).Build();

    /// <summary>A port that nothing uses now, below those that the kernel gives to clients.</summary>
    public static int FreePort()
    {
        for (var tries = 0; tries < 200; tries++)
        {
            var port = Random.Shared.Next(25_000, 26_000);
            if (Taken.TryAdd(port, true) && IsFree(port)) return port;
        }

        throw new InvalidOperationException("no free port between 25000 and 26000");
    }

    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string AssemblyOf(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        // .../tests/X.Tests/bin/<configuration>/<framework>/
        var (framework, configuration) = (folder.Name, folder.Parent!.Name);
        while (!File.Exists(Path.Combine(folder.FullName, "HyperBdr.sln"))) folder = folder.Parent ?? throw new DirectoryNotFoundException("HyperBdr.sln");
        var assembly = $"HyperBdr.{char.ToUpperInvariant(name[0])}{name[1..]}.dll";
        return Path.Combine(folder.FullName, "services", name, "bin", configuration, framework, assembly);
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null) output.Enqueue(line.Data);
    }
}
