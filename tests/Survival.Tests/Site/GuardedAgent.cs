using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using HyperBdr.Demo;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>The agent, installed with the console's one-line command below a folder of its own, inside of the namespace.</summary>
internal sealed partial class GuardedAgent : IAsyncDisposable
{
    private const string FakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
    private readonly AgentNetwork network;
    private readonly string home;
    private readonly string ledgered;
    private string[] more = [];
    private string? offset;

    private GuardedAgent(AgentNetwork network, string home, string device)
    {
        (this.network, this.home, ledgered) = (network, home, device);
        Unit = new Unit(Begin);
    }

    public Unit Unit { get; }

    /// <summary>When the agent that runs now was started.</summary>
    public DateTimeOffset StartedAt => Unit.StartedAt;

    /// <summary>The agent's own files.</summary>
    public string Folder => Path.Combine(home, "var/lib/egisplus-agent");

    private string Logs => Path.Combine(home, "var/log/egisplus-agent");

    private string Program => Path.Combine(Folder, "egisplus-agent");

    /// <param name="home">A file system of its own, so that it can be filled.</param>
    public static async Task<GuardedAgent> InstallAsync(AgentNetwork network, string home, string device, string command, CancellationToken ct)
    {
        var agent = new GuardedAgent(network, home, device);
        Directory.CreateDirectory(home);
        await Tool.RunAsync("mount", ["-t", "tmpfs", "-o", "size=192m,mode=755", "tmpfs", home], ct);
        try
        {
            await agent.InstallAsync(command, ct);
            agent.Unit.Start();
            return agent;
        }
        catch (InvalidOperationException)
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the console's command.</summary>
    public async Task InstallAsync(string command, CancellationToken ct)
    {
        var install = command.Replace("&& bash)", $"&& bash -s -- --no-systemd --home '{home}' --devices {ledgered})", StringComparison.Ordinal);
        var (program, arguments) = network.Inside("bash", ["-c", $"set -o pipefail; {install} 2>&1"]);
        await Tool.RunAsync(program, arguments, ct);
        // From now on it is started as systemd would, and not by the installer.
        Signals.Kill(int.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "pid"), ct), CultureInfo.InvariantCulture));
    }

    public Task UninstallAsync(CancellationToken ct) => Tool.RunAsync("rm", ["-rf", Path.Combine(home, "var"), Path.Combine(home, "usr"), Path.Combine(home, "etc")], ct);

    /// <summary>Ends it and starts it with these disks beside the first, and with a clock that is wrong by so much.</summary>
    /// <param name="clock">As libfaketime has it, e.g. <c>+1h</c>; null for the right time.</param>
    public async Task RestartAsync(string[] disks, string? clock = null)
    {
        await Unit.StopAsync();
        (more, offset) = (disks, clock);
        Unit.Start();
    }

    /// <summary>Orders that the agent began without knowing that it had begun them before.</summary>
    public IReadOnlyList<string> BegunTwice() =>
        [.. LogLines().Select(l => BeganPattern().Match(l)).Where(m => m.Success).CountBy(m => m.Groups["id"].Value, StringComparer.Ordinal).Where(c => c.Value > 1).Select(c => c.Key)];

    /// <summary>How often a sync was begun, the first time included.</summary>
    public int Begins(string id) => LogLines().Count(l => AgainPattern().Match(l) is { Success: true } found && found.Groups["id"].Value == id);

    public string Tail() => string.Join('\n', LogLines().TakeLast(30));

    public async ValueTask DisposeAsync()
    {
        await Unit.DisposeAsync();
        await Tool.RunAsync("umount", [home], CancellationToken.None);
    }

    private IEnumerable<string> LogLines() => Directory.Exists(Logs)
        ? Directory.EnumerateFiles(Logs, "*.log").Where(f => !f.EndsWith("db.log", StringComparison.Ordinal)).SelectMany(File.ReadAllLines) : [];

    private ProcessStartInfo Begin()
    {
        var (program, arguments) = network.Inside(Program, ["run", "--home", home, "--devices", string.Join(',', [ledgered, .. more])]);
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false };
        if (offset is null) return start;
        start.Environment["LD_PRELOAD"] = FakeTime;
        start.Environment["FAKETIME"] = offset;
        start.Environment["DONT_FAKE_MONOTONIC"] = "1";
        start.Environment["FAKETIME_FORCE_MONOTONIC_FIX"] = "0";
        return start;
    }

    [GeneratedRegex(@"Sync (?<id>\S+) begins\s+with", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BeganPattern();

    [GeneratedRegex(@"Sync (?<id>\S+) begins\s+(again )?with", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AgainPattern();
}
