using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

/// <summary>The one gRPC service that a machine without a certificate reaches.</summary>
public sealed class EnrolmentRouteTests(GatewayFixture fixture)
{
    private GatewayUnderTest Gateway => fixture.Gateway;

    [Fact]
    public async Task It_is_reached_on_the_browsers_name_as_nobody_and_porter_learns_the_names()
    {
        // The upstream of this test has no such method and says so itself.
        (await Should.ThrowAsync<RpcException>(async () => await new Enrollment.EnrollmentClient(Gateway.Channel()).EnrollAsync(new EnrollRequest()))).StatusCode.ShouldBe(StatusCode.Unimplemented);
        var seen = await (await Gateway.Client().GetAsync("/hypermotion/v1/sources/download?type=linux", ("X-HyperBdr-Host", "evil:1"))).SeenAsync();
        InternalToken.Read(Gateway, seen, "porter")["kind"].ShouldBe("anonymous");
        seen.Headers["x-hyperbdr-host"].ShouldBe($"localhost:{Gateway.ConsolePort}");
        seen.Headers["x-hyperbdr-agent-server-name"].ShouldBe(GatewayUnderTest.AgentName);
    }

    [Fact]
    public async Task Services_own_calls_of_porter_are_not_reachable()
    {
        var token = new Metadata { { "authorization", $"Bearer {fixture.Identity.AddToken()}" } };
        (await Should.ThrowAsync<RpcException>(async () => await new Machines.MachinesClient(Gateway.Channel()).GetMachineAsync(new GetMachineRequest(), token))).StatusCode.ShouldBe(StatusCode.NotFound);
        (await Should.ThrowAsync<RpcException>(async () => await new Commands.CommandsClient(Gateway.Channel()).SendAsync(new SendCommandRequest(), token))).StatusCode.ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task An_address_that_enrols_too_often_has_to_wait()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(GatewayUnderTest.Arguments(GatewayUnderTest.NewHome(), fixture.Upstream, fixture.Upstream, "--Gateway:Limits:EnrolPerSecond=1", "--Gateway:Limits:EnrolBurst=3"));
        var client = new Enrollment.EnrollmentClient(gateway.Channel());
        var refusals = new List<StatusCode>();
        for (var i = 0; i < 10; i++) refusals.Add((await Should.ThrowAsync<RpcException>(async () => await client.EnrollAsync(new EnrollRequest()))).StatusCode);
        refusals.Count(s => s == StatusCode.ResourceExhausted).ShouldBeGreaterThan(3);
        refusals[0].ShouldNotBe(StatusCode.ResourceExhausted);
    }
}
