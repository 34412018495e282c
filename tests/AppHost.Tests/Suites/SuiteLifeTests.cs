using System.Diagnostics;
using System.Net.Http.Json;
using HyperBdr.Contracts.Control;
using HyperBdr.AppHost.Processes.Commands;
using HyperBdr.AppHost.Processes.Supervision;
using HyperBdr.Fixtures;
using Shouldly;
using Xunit;

namespace HyperBdr.AppHost.Tests.Suites;

/// <summary>A real suite, a process of its own, from its start to its end.</summary>
public sealed class SuiteLifeTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task It_starts_in_order_of_need_and_on_a_signal_ends_without_leaving_a_process(string signal)
    {
        await using var suite = new SuiteProcess().Start();
        var status = await suite.HealthyAsync();
        var times = status.Services.ToDictionary(one => one.Name, one => one.StartedAt!.Value, StringComparer.Ordinal);
        times["redis"].ShouldBeLessThan(times["step"]);
        times["step"].ShouldBeLessThan(times["back"]);
        times["back"].ShouldBeLessThan(times["front"]);
        status.Services.Single(one => one.Name == "step").Text.ShouldBe("Exit 0");
        status.Services.Single(one => one.Name == "front").MemoryBytes.ShouldBeGreaterThan(10 << 20);

        suite.Signal(signal);
        var (exitCode, output, error) = await suite.EndedAsync();
        exitCode.ShouldBe(0);
        error.ShouldBeEmpty();
        output.ShouldContain("HyperBdr is healthy");
        suite.Processes().ShouldBeEmpty();
        File.Exists(Path.Combine(suite.Home, "run", "control.sock")).ShouldBeFalse();
        Directory.GetFiles(Path.Combine(suite.Home, "run"), "*.pid").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_killed_service_is_up_again_by_itself_and_its_restart_is_counted()
    {
        await using var suite = new SuiteProcess().Start();
        await suite.HealthyAsync();
        var before = await suite.ServiceAsync("back");
        using (var back = Process.GetProcessById(before.ProcessId!.Value)) back.Kill();
        await SuiteProcess.UntilAsync("back runs again", async () => await suite.ServiceAsync("back") is { State: ServiceState.Healthy } now && now.ProcessId != before.ProcessId);
        (await suite.ServiceAsync("back")).Restarts.ShouldBe(1);
        (await suite.ServiceAsync("front")).Restarts.ShouldBe(0);
    }

    [Fact]
    public async Task A_killed_AppHost_takes_its_processes_with_it_and_the_next_start_is_clean()
    {
        await using var suite = new SuiteProcess().Start();
        await suite.HealthyAsync();
        suite.Signal("KILL");
        await SuiteProcess.UntilAsync("everything ended with the AppHost", () => Task.FromResult(suite.Processes().Count == 0));

        suite.Start();
        (await suite.HealthyAsync("healthy after the crash")).Services.ShouldAllBe(one => one.Restarts == 0);
    }

    [Fact]
    public async Task A_process_that_outlived_a_killed_AppHost_is_ended_at_the_next_start()
    {
        await using var suite = new SuiteProcess().Start();
        await suite.HealthyAsync();
        suite.Signal("KILL");
        await SuiteProcess.UntilAsync("everything ended with the AppHost", () => Task.FromResult(suite.Processes().Count == 0));
        // One that did not: it holds the port of redis until it is found by its record and ended.
        using var leftover = Process.Start("setsid", ["redis-server", "--bind", "127.0.0.1", "--port", $"{suite.Port}", "--save", ""]);
        await SuiteProcess.UntilAsync("the leftover listens", () => Task.FromResult(Listener.On(suite.Port) is not null));
        await File.WriteAllTextAsync(Path.Combine(suite.Home, "run", "redis.pid"), ProcessIdentity.Of(leftover.Id)!.Serialize());

        suite.Start();
        await suite.HealthyAsync("healthy after the leftover was ended");
        leftover.HasExited.ShouldBeTrue();
    }

    [Fact]
    public async Task A_service_stopped_by_hand_stays_stopped_until_it_is_started()
    {
        await using var suite = new SuiteProcess().Start();
        await suite.HealthyAsync();
        (await suite.Control.PostAsync("/services/front/stop", CancellationToken.None)).ShouldBeNull();
        (await suite.ServiceAsync("front")).Text.ShouldBe("Exit 0");
        (await suite.Control.StatusAsync(CancellationToken.None))!.Healthy.ShouldBeFalse();
        (await suite.ServiceAsync("back")).State.ShouldBe(ServiceState.Healthy);
        (await suite.Control.PostAsync("/services/front/start", CancellationToken.None)).ShouldBeNull();
        await suite.HealthyAsync("front runs again");
    }

    [Fact]
    public async Task All_services_stop_start_and_restart_on_order_while_the_AppHost_stays()
    {
        await using var suite = new SuiteProcess().Start();
        var first = await suite.HealthyAsync();
        (await suite.Control.PostAsync("/stop", CancellationToken.None)).ShouldBeNull();
        (await suite.Control.StatusAsync(CancellationToken.None))!.Services.ShouldAllBe(one => one.State == ServiceState.Exited && one.ProcessId == null);
        (await suite.Control.PostAsync("/start", CancellationToken.None)).ShouldBeNull();
        var second = await suite.HealthyAsync("started again");
        (await suite.Control.PostAsync("/reload", CancellationToken.None)).ShouldBeNull();
        var third = await suite.HealthyAsync("reloaded");
        Id(second, "redis").ShouldNotBe(Id(first, "redis"));
        Id(third, "redis").ShouldBe(Id(second, "redis"));
        Id(third, "back").ShouldNotBe(Id(second, "back"));

        static int? Id(SuiteStatus status, string name) => status.Services.Single(one => one.Name == name).ProcessId;
    }

    [Fact]
    public async Task A_service_is_told_its_port_its_servers_and_the_services_it_calls()
    {
        await using var suite = new SuiteProcess().Start();
        await suite.HealthyAsync();
        using var http = new HttpClient();
        var back = await http.GetFromJsonAsync<Dictionary<string, string>>($"http://127.0.0.1:{suite.Port + 1}/environment");
        var front = await http.GetFromJsonAsync<Dictionary<string, string>>($"http://127.0.0.1:{suite.Port + 2}/environment");
        back!["ConnectionStrings__redis"].ShouldStartWith($"127.0.0.1:{suite.Port},password=");
        back["ASPNETCORE_ENVIRONMENT"].ShouldBe("Production");
        back["HYPERBDR_HOME"].ShouldBe(suite.Home);
        front!["services__back__http__0"].ShouldBe($"http://127.0.0.1:{suite.Port + 1}");
        front.ShouldNotContainKey("ConnectionStrings__redis");
    }

    [Fact]
    public async Task Two_suites_with_their_own_home_and_ports_run_side_by_side()
    {
        await using var one = new SuiteProcess().Start();
        await using var other = new SuiteProcess().Start();
        await one.HealthyAsync();
        await other.HealthyAsync();
        one.Signal("TERM");
        (await one.EndedAsync()).ExitCode.ShouldBe(0);
        (await other.HealthyAsync()).Services.ShouldAllBe(service => service.Restarts == 0);
    }

    [Fact]
    public async Task Detached_it_returns_when_healthy_and_goes_on_without_its_starter()
    {
        await using var suite = new SuiteProcess().Start("--detach");
        var (exitCode, output, _) = await suite.EndedAsync();
        exitCode.ShouldBe(0);
        output.ShouldContain("HyperBdr is healthy");
        (await suite.Control.StatusAsync(CancellationToken.None))!.Healthy.ShouldBeTrue();
        (await suite.Control.PostAsync("/shutdown", CancellationToken.None)).ShouldBeNull();
        await SuiteProcess.UntilAsync("everything ended", () => Task.FromResult(suite.Processes().Count == 0));
    }

    [Fact]
    public async Task The_first_administrator_password_is_printed_once_and_its_file_is_gone()
    {
        await using var suite = new SuiteProcess();
        Directory.CreateDirectory(Path.Combine(suite.Home, "secrets"));
        var file = Path.Combine(suite.Home, "secrets", "first-admin-password");
        await File.WriteAllTextAsync(file, "Correct-Horse-7\n");
        suite.Start();
        await suite.HealthyAsync();
        await SuiteProcess.UntilAsync("the file is gone", () => Task.FromResult(!File.Exists(file)));
        suite.Signal("TERM");
        (await suite.EndedAsync()).Output.Split("Correct-Horse-7").Length.ShouldBe(2);
        foreach (var log in Directory.EnumerateFiles(Path.Combine(suite.Home, "logs"), "*", SearchOption.AllDirectories))
            (await File.ReadAllTextAsync(log)).ShouldNotContain("Correct-Horse-7");
    }

    [Fact]
    public async Task Secrets_and_the_control_socket_are_the_starters_alone()
    {
        await using var suite = new SuiteProcess().Start();
        await suite.HealthyAsync();
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        foreach (var path in (string[])["secrets", "run", "secrets/redis", "run/control.sock", "data/redis", "data/redis/redis.conf"])
            (File.GetUnixFileMode(Path.Combine(suite.Home, path)) & others).ShouldBe(UnixFileMode.None, path);
    }
}
