using System.Diagnostics;
using HyperBdr.Contracts.Control;
using HyperBdr.Fixtures;
using Shouldly;
using Xunit;

namespace HyperBdr.AppHost.Tests.Servers;

/// <summary>The real PostgreSQL, RabbitMQ and Redis as the suite runs them.</summary>
public sealed class ServersSurviveTests
{
    [Fact]
    public async Task Killed_servers_are_up_again_by_themselves_and_a_stop_leaves_no_process_not_even_epmd()
    {
        await using var suite = new SuiteProcess { Settings = { ["Test__OnlyServers"] = "true" } };
        suite.Start();
        var before = await suite.HealthyAsync("three servers are healthy");
        before.Services.Select(one => one.Name).ShouldBe(["postgres", "redis", "epmd", "rabbitmq"]);
        foreach (var one in before.Services)
            using (var process = Process.GetProcessById(one.ProcessId!.Value)) process.Kill();

        await SuiteProcess.UntilAsync("all four run again", async () =>
            await suite.Control.StatusAsync(CancellationToken.None) is { Healthy: true } now && now.Services.All(one => one.Restarts > 0));
        foreach (var one in before.Services) (await suite.ServiceAsync(one.Name)).State.ShouldBe(ServiceState.Healthy);

        suite.Signal("TERM");
        (await suite.EndedAsync()).ExitCode.ShouldBe(0);
        await SuiteProcess.UntilAsync("no process is left", () => Task.FromResult(suite.Processes().Count == 0));
    }
}
