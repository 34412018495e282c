using System.Text.Json;
using System.Text.RegularExpressions;
using HyperBdr.Fixtures;
using Shouldly;
using Xunit;

namespace HyperBdr.Hmctl.Tests;

/// <summary>Against a real suite of local processes (redis, a step, back, front with a console).</summary>
public sealed class OnProcessesTests(OnProcessesTests.Running running) : IClassFixture<OnProcessesTests.Running>
{
    private readonly SuiteProcess _suite = running.Suite;

    [Fact]
    public async Task Status_shows_the_table_the_disk_usage_and_that_the_console_runs()
    {
        var ran = await RunAsync("status");
        ran.ExitCode.ShouldBe(0);
        ran.Error.ShouldBeEmpty();
        var lines = ran.Output.ReplaceLineEndings("\n").Split('\n');
        lines[0].ShouldBe("Containers Status");
        lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["Name", "Command", "State", "Ports"]);
        lines.ShouldContain(line => IsMatch(line, $@"^redis +redis-server +Up \(healthy\) +{_suite.Port}$"));
        lines.ShouldContain(line => IsMatch(line, "^step +dotnet HyperBdr.TestHost.dll +Exit 0$"));
        lines.ShouldContain(line => IsMatch(line, $@"^front +dotnet HyperBdr.TestHost.dll +Up \(healthy\) +{_suite.Port + 2}, {_suite.Port + 3}$"));
        var headings = (string[])["Containers Status", "Logs Files Size :", "Runtime Directories and Files Size :", "Runtime Partition Usage :", "Starting health check...", "HyperBdr Web Console Status: Running"];
        lines.Where(headings.Contains).ShouldBe(headings);
        lines.ShouldContain(line => line.EndsWith($"{_suite.Home}/logs/", StringComparison.Ordinal));
        lines.ShouldContain(line => line.StartsWith("Filesystem", StringComparison.Ordinal) && line.EndsWith("Mounted on", StringComparison.Ordinal));
        ran.Output.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task Status_is_coloured_on_a_terminal_only() =>
        (await Ran.Async(_suite.Home, ["status"], isTerminal: true)).Output.ShouldContain("\u001b[");

    [Fact]
    public async Task Status_as_json_is_one_document_with_the_same_sections()
    {
        var ran = await RunAsync("status", "--json");
        ran.ExitCode.ShouldBe(0);
        using var document = JsonDocument.Parse(ran.Output);
        var root = document.RootElement;
        root.GetProperty("healthy").GetBoolean().ShouldBeTrue();
        root.GetProperty("services").EnumerateArray().Select(one => one.GetProperty("name").GetString()).ShouldBe(["redis", "step", "back", "front"]);
        root.GetProperty("services")[0].GetProperty("state").GetString().ShouldBe("healthy");
        root.GetProperty("logs").GetProperty("bytes").GetInt64().ShouldBeGreaterThan(0);
        root.GetProperty("runtime").GetProperty("path").GetString().ShouldBe(_suite.Home);
        root.GetProperty("partition").GetProperty("available_bytes").GetInt64().ShouldBeGreaterThan(0);
        root.GetProperty("web_console").GetProperty("status").GetString().ShouldBe("running");
    }

    [Fact]
    public async Task A_service_that_is_stopped_makes_status_1_and_starting_it_makes_it_0_again()
    {
        (await RunAsync("stop", "back")).ShouldBe(new Ran(0, "back is stopped.\n", ""));
        var status = await RunAsync("status");
        status.ExitCode.ShouldBe(1);
        status.Output.ShouldMatch(@"back +dotnet HyperBdr.TestHost.dll +Exit 0 ");
        (await RunAsync("start", "back")).ShouldBe(new Ran(0, "back is healthy.\n", ""));
        (await RunAsync("status")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Restart_gives_one_service_a_new_process_and_returns_when_it_is_healthy()
    {
        var before = (await _suite.ServiceAsync("front")).ProcessId;
        (await RunAsync("restart", "front")).Output.ShouldBe("front is healthy.\n");
        (await _suite.ServiceAsync("front")).ProcessId.ShouldNotBe(before);
    }

    [Fact]
    public async Task An_unknown_service_is_64_with_the_names_that_there_are()
    {
        foreach (var command in (string[])["start", "stop", "restart", "logs"])
        {
            var ran = await RunAsync(command, "nonsense");
            ran.ExitCode.ShouldBe(64);
            ran.Error.ShouldBe("No service nonsense; there are: back, front, redis, step\n");
        }
    }

    [Fact]
    public async Task Logs_gives_the_last_lines_of_one_service_or_of_all_with_their_names()
    {
        var one = await RunAsync("logs", "redis", "--tail", "2");
        one.ExitCode.ShouldBe(0);
        one.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
        (await RunAsync("logs")).Output.ShouldMatch(@"(?m)^redis \| .*Ready to accept connections");
    }

    [Fact]
    public async Task Logs_that_are_followed_show_what_is_written_later()
    {
        using var stop = new CancellationTokenSource();
        using var output = new StringWriter();
        var following = CommandLine.RunAsync(["logs", "back", "--tail", "0", "-f"], new Io(output, TextWriter.Null, false, _suite.Home, null, ""), stop.Token);
        using var http = new HttpClient();
        await SuiteProcess.UntilAsync("a request appears in the log", async () =>
        {
            await http.GetAsync($"http://127.0.0.1:{_suite.Port + 1}/followed");
            return output.ToString().Contains("/followed", StringComparison.Ordinal);
        });
        await stop.CancelAsync();
        (await following).ShouldBe(130);
    }

    private Task<Ran> RunAsync(params string[] args) => Ran.Async(_suite.Home, args);

    private static bool IsMatch(string line, string pattern) => Regex.IsMatch(line, pattern, RegexOptions.None, TimeSpan.FromSeconds(1));

    public sealed class Running : IAsyncLifetime
    {
        public SuiteProcess Suite { get; } = new();

        public async ValueTask InitializeAsync() => await Suite.Start().HealthyAsync();

        public ValueTask DisposeAsync() => Suite.DisposeAsync();
    }
}
