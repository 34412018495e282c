using System.Diagnostics;
using System.Globalization;
using HyperBdr.AppHost.Processes.Commands;
using HyperBdr.Contracts.Control;

namespace HyperBdr.Fixtures;

/// <summary>The tiny suite of <c>tests/TestHost</c> as a process of its own: started, killed and looked at from outside.</summary>
public sealed class SuiteProcess : IAsyncDisposable
{
    private static int _next;
    private Process? _process;
    private Task<string> _output = Task.FromResult("");
    private Task<string> _error = Task.FromResult("");

    public SuiteProcess(string? home = null)
    {
        var number = Interlocked.Increment(ref _next);
        Home = home ?? Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"hyperbdr-tests-{Environment.ProcessId}-{number}"));
        Port = FreePort();
        Control = new ControlClient(Home);
    }

    public string Home { get; }

    /// <summary>Redis; the services back and front are on the next two, front's console on the one after.</summary>
    public int Port { get; set; }

    public ControlClient Control { get; }
    public int ProcessId => _process!.Id;
    public Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    public SuiteProcess Start(params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet", [Program(), .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["HYPERBDR_HOME"] = Home;
        info.Environment["Test__Port"] = Port.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in Settings) info.Environment[name] = value;
        _process = Process.Start(info)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
        return this;
    }

    public async Task<SuiteStatus> HealthyAsync(string what = "the suite is healthy")
    {
        SuiteStatus? status = null;
        await UntilAsync(what, async () => (status = await Control.StatusAsync(CancellationToken.None)) is { Healthy: true });
        return status!;
    }

    public async Task<ServiceStatus> ServiceAsync(string name) =>
        (await Control.StatusAsync(CancellationToken.None))!.Services.Single(one => one.Name == name);

    public async Task<(int ExitCode, string Output, string Error)> EndedAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        await _process!.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, await _output, await _error);
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, ProcessId.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Every process with this home in its environment or command line: what an orderly end leaves must be none.</summary>
    public IReadOnlyList<string> Processes()
    {
        var found = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id)) continue;
            try
            {
                var command = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
                if (command.Length > 0 && (command + File.ReadAllText(Path.Combine(folder, "environ"))).Contains(Home, StringComparison.Ordinal)) found.Add($"{id} {command}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Ended meanwhile, or another user's.
            }
        }
        return found;
    }

    public static Task UntilAsync(string what, Func<Task<bool>> condition) => Waiting.UntilAsync(what, TimeSpan.FromSeconds(40), condition);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            Signal("TERM");
            await EndedAsync();
        }
        _process?.Dispose();
        if (await Control.StatusAsync(CancellationToken.None) is not null)
        {
            await Control.PostAsync("/shutdown", CancellationToken.None);
            await UntilAsync("the detached suite has ended", () => Task.FromResult(Processes().Count == 0));
        }
        Control.Dispose();
        if (Directory.Exists(Home)) Directory.Delete(Home, recursive: true);
    }

    /// <summary>…/tests/TestHost/bin/Debug/net10.0/HyperBdr.TestHost.dll, built as the test itself is.</summary>
    private static string Program()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.GetFullPath(Path.Combine(output.FullName, "../../../../TestHost/bin", output.Parent!.Name, output.Name, "HyperBdr.TestHost.dll"));
    }

    private static int FreePort()
    {
        for (var tries = 0; tries < 200; tries++)
        {
            var candidate = 21_000 + (Environment.ProcessId * 7 + Interlocked.Add(ref _next, 1)) % 95 * 10;
            if (Enumerable.Range(candidate, 5).All(port => Listener.On(port) is null)) return candidate;
        }
        throw new InvalidOperationException("no five free ports in a row between 21000 and 21950");
    }
}
