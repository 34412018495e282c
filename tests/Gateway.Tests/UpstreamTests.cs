using System.Net;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class UpstreamTests
{
    [Fact]
    public async Task Without_identity_nobody_with_credentials_gets_through_and_the_gateway_is_not_ready()
    {
        var identity = new TestIdentity();
        var (one, others) = (await TestServices.StartAsync(identity), await TestServices.StartAsync(null));
        await using var rest = others;
        await using var gateway = await GatewayUnderTest.StartAsync(GatewayUnderTest.Arguments(GatewayUnderTest.NewHome(), one, others));
        await gateway.ReadyAsync();
        var (token, session) = (identity.AddToken(), identity.AddSession("console"));
        identity.AddKey("AK3");
        await one.KillAsync();
        (string, string)[][] proofs = [[("X-Auth-Token", token)], [("Cookie", $"__Host-hyperbdr-console={session}")], [("X-AK", "AK3"), ("X-TS", "1"), ("X-Nonce", "n"), ("X-SIGN", "0")]];
        foreach (var proof in proofs)
        {
            var refused = await gateway.Client().GetAsync("/api/v1/ant/tasks", proof);
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull();
            (await refused.CodeAsync()).ShouldBe("service.unavailable");
        }

        await gateway.ReadyAsync(HttpStatusCode.ServiceUnavailable);

        // identity is back on its ports: so is everything.
        await using var again = await TestServices.StartAsync(identity, one.HttpPort, one.GrpcPort);
        await gateway.ReadyAsync();
        await GatewayUnderTest.EventuallyAsync(async () => (await gateway.Client().GetAsync("/api/v1/ant/tasks", ("X-Auth-Token", token))).StatusCode == HttpStatusCode.OK, "identity is asked again");
    }

    [Fact]
    public async Task A_killed_service_is_unavailable_and_is_used_again_soon_after_its_return()
    {
        var identity = new TestIdentity();
        await using var one = await TestServices.StartAsync(identity);
        var porter = await TestServices.StartAsync(null);
        await using var gateway = await GatewayUnderTest.StartAsync(GatewayUnderTest.Arguments(GatewayUnderTest.NewHome(), one, porter));
        await gateway.ReadyAsync();
        var (client, token) = (gateway.Client(), ("X-Auth-Token", identity.AddToken()));
        (await client.GetAsync("/api/v1/porter/x", token)).StatusCode.ShouldBe(HttpStatusCode.OK);

        await porter.KillAsync();
        for (var i = 0; i < 5; i++)
        {
            var refused = await client.GetAsync("/api/v1/porter/x", token);
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(2));
            (await refused.CodeAsync()).ShouldBe("service.unavailable");
        }

        var killed = TimeProvider.System.GetTimestamp();
        await using var again = await TestServices.StartAsync(null, porter.HttpPort, porter.GrpcPort);
        await GatewayUnderTest.EventuallyAsync(async () => (await client.GetAsync("/api/v1/porter/x", token)).StatusCode == HttpStatusCode.OK, "the service is used again");
        TimeProvider.System.GetElapsedTime(killed).ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }
}
