using System.Net;
using System.Net.Sockets;
using HyperBdr.AppHost.Processes;
using HyperBdr.AppHost.Processes.Commands;
using HyperBdr.Fixtures;
using Shouldly;
using Xunit;

namespace HyperBdr.AppHost.Tests.Suites;

/// <summary>What is wrong is said in one line, with exit code 1, and nothing is left half-started.</summary>
public sealed class BadStartTests
{
    [Fact]
    public async Task A_second_AppHost_on_one_home_is_refused_and_the_first_goes_on()
    {
        await using var suite = new SuiteProcess().Start();
        await suite.HealthyAsync();
        var first = suite.ProcessId;
        await using var second = new SuiteProcess(suite.Home) { Port = suite.Port };
        second.Start();
        var (exitCode, _, error) = await second.EndedAsync();
        exitCode.ShouldBe(1);
        OneLine(error).ShouldContain($"already runs with {suite.Home} (pid {first})");
        (await suite.HealthyAsync()).Services.ShouldAllBe(one => one.Restarts == 0);
        suite.Signal("TERM");
        (await suite.EndedAsync()).ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--detach")]
    public async Task A_port_in_use_is_named_with_the_process_that_has_it(string arguments)
    {
        await using var suite = new SuiteProcess();
        using var taken = new TcpListener(IPAddress.Loopback, suite.Port + 2);
        taken.Start();
        suite.Start(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var (exitCode, _, error) = await suite.EndedAsync();
        exitCode.ShouldBe(1);
        OneLine(error).ShouldContain($"Port {suite.Port + 2} of front is in use by");
        error.ShouldContain($"(pid {Environment.ProcessId})");
        suite.Processes().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("--detach")]
    public async Task A_service_with_a_wrong_configuration_ends_the_start_with_its_own_words(string arguments)
    {
        await using var suite = new SuiteProcess { Settings = { ["Test__Fault__front"] = "configuration" } };
        suite.Start(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var (exitCode, _, error) = await suite.EndedAsync();
        exitCode.ShouldBe(1);
        OneLine(error).ShouldBe("front: The certificate in /x/y.pem has no private key: put y.key beside it.");
        suite.Processes().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_home_that_the_servers_user_cannot_enter_is_refused_before_anything_starts()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root switches to another user");
        var closed = Directory.CreateTempSubdirectory("hyperbdr-closed-").FullName;
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using (var suite = new SuiteProcess(Path.Combine(closed, "home")).Start())
        {
            var (exitCode, _, error) = await suite.EndedAsync();
            exitCode.ShouldBe(1);
            OneLine(error).ShouldContain("cannot enter");
        }
        Directory.Delete(closed, recursive: true);
    }

    [Fact]
    public void A_nearly_full_disk_is_refused()
    {
        var home = Home.At(Path.GetTempPath());
        OneLine(Should.Throw<StartProblemException>(() => Preflight.RequireSpace(home, _ => 1023L << 20)).Message).ShouldContain("Only 1023 MiB are free");
        Preflight.RequireSpace(home, _ => 1L << 30);
    }

    [Fact]
    public void A_home_too_long_for_a_socket_is_refused() =>
        Should.Throw<StartProblemException>(() => Home.At("/" + new string('x', 100))).Message.ShouldContain("choose a shorter folder");

    private static string OneLine(string text)
    {
        text.Trim().ShouldNotContain('\n');
        return text.Trim();
    }
}
