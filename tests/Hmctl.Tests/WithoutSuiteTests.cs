using HyperBdr.Fixtures;
using Shouldly;
using Xunit;

namespace HyperBdr.Hmctl.Tests;

public sealed class WithoutSuiteTests
{
    [Theory]
    [InlineData("status")]
    [InlineData("status --json")]
    [InlineData("start")]
    [InlineData("stop ant")]
    [InlineData("logs ant")]
    [InlineData("shutdown")]
    public async Task Where_no_suite_runs_every_command_is_3_with_one_line_that_says_how_to_start_it(string command)
    {
        var ran = await Ran.Async("/nonexistent/home", command.Split(' '));
        ran.ExitCode.ShouldBe(3);
        ran.Error.ShouldBe("No suite runs with /nonexistent/home: start it with ./run --detach, or name its folder with --home or HYPERBDR_HOME.\n");
        ran.Output.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("fly")]
    [InlineData("status --colour")]
    [InlineData("start one two")]
    [InlineData("logs --tail many")]
    public async Task Wrong_usage_is_64_with_one_line_that_points_to_the_help(string command)
    {
        var ran = await Ran.Async("/nonexistent/home", command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        ran.ExitCode.ShouldBe(64);
        ran.Error.TrimEnd().ShouldNotContain('\n');
        ran.Error.ShouldEndWith("See: hmctl --help\n");
    }

    [Fact]
    public async Task Help_lists_every_exit_code()
    {
        var ran = await Ran.Async("/nonexistent/home", ["--help"]);
        ran.ExitCode.ShouldBe(0);
        foreach (var code in (string[])["0 ", "1 ", "2 ", "3 ", "4 ", "64 "]) ran.Output.ShouldContain("\n    " + code);
    }

    [Fact]
    public async Task A_shutdown_ends_the_engine_too()
    {
        await using var suite = new SuiteProcess().Start();
        await suite.HealthyAsync();
        (await Ran.Async(suite.Home, ["shutdown"])).ShouldBe(new Ran(0, "The suite is stopped.\n", ""));
        (await suite.EndedAsync()).ExitCode.ShouldBe(0);
        suite.Processes().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("ant-api", "ant")]
    [InlineData("production_porter-api_1", "porter")]
    [InlineData("oneway-period", "report")]
    [InlineData("crab-api", "identity")]
    [InlineData("newmuse", "gateway")]
    [InlineData("mysql", "postgres")]
    [InlineData("rabbitmq", "rabbitmq")]
    public void Names_of_the_reference_mean_the_process_that_does_their_work(string typed, string ours) =>
        ServiceNames.Resolve(typed).ShouldBe(ours);
}
