using Shouldly;
using Xunit;

namespace HyperBdr.Hmctl.Tests;

/// <summary>A compose project behind a <c>docker</c> that writes down how it is called and answers as Docker Compose does.</summary>
public sealed class OnComposeTests : IDisposable
{
    private const string Ps = """
        {"Name":"hyperbdr-ant-1","Service":"ant","Command":"\"dotnet HyperBdr.Ant.dll\"","State":"running","Health":"healthy","ExitCode":0,"Publishers":[{"URL":"127.0.0.1","TargetPort":10082,"PublishedPort":10082,"Protocol":"tcp"},{"URL":"::1","TargetPort":10082,"PublishedPort":10082,"Protocol":"tcp"}]}
        {"Name":"hyperbdr-owl-1","Service":"owl","Command":"\"dotnet HyperBdr.Owl.dll\"","State":"exited","Health":"","ExitCode":137,"Publishers":null}
        {"Name":"hyperbdr-redis-1","Service":"redis","Command":"\"redis-server\"","State":"restarting","Health":"","ExitCode":1,"Publishers":[]}
        """;
    private const string AllUp = """
        [{"Name":"hyperbdr-ant-1","Service":"ant","Command":"dotnet","State":"running","Health":"healthy","ExitCode":0,"Publishers":[]}]
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("hyperbdr-compose-").FullName;

    public OnComposeTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "deploy/compose"));
        File.WriteAllText(File_, "services: {}\n");
        Docker(Ps);
    }

    private string File_ => Path.Combine(_folder, "deploy/compose/docker-compose.yaml");

    [Fact]
    public async Task Status_shows_containers_with_the_same_words_as_processes()
    {
        var ran = await RunAsync("status", "--console-wait", "0");
        ran.ExitCode.ShouldBe(1);
        ran.Output.ShouldMatch(@"ant +dotnet HyperBdr.Ant.dll +Up \(healthy\) +10082\n");
        ran.Output.ShouldMatch(@"owl +dotnet HyperBdr.Owl.dll +Exit 137\n");
        ran.Output.ShouldMatch(@"redis +redis-server +Restarting\n");
        Calls().ShouldBe([$"compose -f {File_} ps --all --format json"]);
    }

    [Fact]
    public async Task Everything_up_but_a_console_that_does_not_answer_is_2()
    {
        Docker(AllUp);
        var ran = await RunAsync("status", "--console-wait", "0");
        ran.ExitCode.ShouldBe(2);
        ran.Output.ShouldEndWith("HyperBdr Web Console Status: Not Running\n");
    }

    [Theory]
    [InlineData("start", "up -d")]
    [InlineData("restart", "restart")]
    [InlineData("reload", "up -d --force-recreate")]
    [InlineData("start ant-api", "up -d ant")]
    [InlineData("restart ant", "restart ant")]
    public async Task Orders_become_compose_commands_and_return_when_healthy(string order, string expected)
    {
        Docker(AllUp);
        var ran = await RunAsync(order.Split(' '));
        ran.ExitCode.ShouldBe(0, ran.Error);
        Calls().ShouldContain($"compose -f {File_} {expected}");
    }

    [Theory]
    [InlineData("stop", "stop")]
    [InlineData("stop owl", "stop owl")]
    [InlineData("shutdown", "down")]
    [InlineData("logs ant -f --tail 5", "logs --no-log-prefix --tail 5 --follow ant")]
    public async Task Stopping_and_logs_become_compose_commands(string order, string expected)
    {
        (await RunAsync(order.Split(' '))).ExitCode.ShouldBe(0);
        Calls().ShouldContain($"compose -f {File_} {expected}");
    }

    [Fact]
    public async Task A_start_that_does_not_become_healthy_in_time_is_4()
    {
        Docker("""{"Service":"ant","Command":"x","State":"running","Health":"starting","ExitCode":0}""");
        var ran = await RunAsync("start", "--timeout", "0");
        ran.ExitCode.ShouldBe(4);
        ran.Error.ShouldBe("ant is Up (health: starting) after 0 s. Look at: hmctl logs ant\n");
    }

    [Fact]
    public async Task An_unknown_service_is_64_with_the_names_of_the_project()
    {
        var ran = await RunAsync("restart", "nonsense");
        ran.ExitCode.ShouldBe(64);
        ran.Error.ShouldBe("No service nonsense; there are: ant, owl, redis\n");
        Calls().ShouldNotContain(call => call.Contains("restart", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_docker_that_fails_or_is_missing_is_3_with_its_reason()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "docker"), "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n");
        var failing = await RunAsync("status");
        failing.ExitCode.ShouldBe(3);
        failing.Error.ShouldContain("Cannot connect to the Docker daemon");
        var missing = await Ran.Async("/nonexistent/home", ["status", "--compose-file", File_], searchPath: "/nonexistent");
        missing.ExitCode.ShouldBe(3);
        missing.Error.ShouldContain("The docker command is missing");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<Ran> RunAsync(params string[] args) => Ran.Async("/nonexistent/home", args, root: _folder, searchPath: _folder);

    private IEnumerable<string> Calls() => File.ReadLines(Path.Combine(_folder, "calls"));

    private void Docker(string ps)
    {
        File.WriteAllText(Path.Combine(_folder, "ps.json"), ps + "\n");
        var docker = Path.Combine(_folder, "docker");
        File.WriteAllText(docker, $"""
            #!/bin/sh
            echo "$@" >>{_folder}/calls
            case "$4" in
                ps) cat {_folder}/ps.json ;;
                config) printf 'ant\nredis\nowl\n' ;;
                logs) echo 'a line' ;;
            esac

            """);
        File.SetUnixFileMode(docker, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
