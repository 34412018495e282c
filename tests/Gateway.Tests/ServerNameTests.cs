using System.Net;
using Grpc.Core;
using HyperBdr.Contracts.Storplus.V1;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class ServerNameTests(GatewayFixture fixture)
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private GatewayUnderTest Gateway => fixture.Gateway;

    [Fact]
    public async Task The_agents_name_refuses_a_handshake_without_a_certificate()
    {
        await Should.ThrowAsync<HttpRequestException>(() => Gateway.Client(name: GatewayUnderTest.AgentName).GetAsync("/duplex/gateway/v1"));
    }

    [Theory]
    [InlineData("foreign")]
    [InlineData("expired")]
    [InlineData("not yet valid")]
    [InlineData("server usage")]
    public async Task The_agents_name_refuses_a_certificate_that_is(string fault)
    {
        using var authority = fault == "foreign" ? TestAuthority.Foreign(Now) : TestAuthority.Of(Gateway.Home);
        // Not before the authority's own beginning, which is an hour ago.
        using var certificate = TestAuthority.Issue(authority, "host-1",
            fault == "not yet valid" ? Now.AddHours(1) : Now.AddMinutes(-50),
            fault == "expired" ? Now.AddMinutes(-1) : Now.AddDays(1),
            fault == "server usage" ? TestAuthority.ServerUsage : TestAuthority.ClientUsage);
        await Should.ThrowAsync<HttpRequestException>(() => Gateway.Client(name: GatewayUnderTest.AgentName, certificate: certificate).GetAsync("/duplex/gateway/v1"));
    }

    [Fact]
    public async Task An_agent_reaches_its_routes_and_its_certificate_is_passed_on()
    {
        using var authority = TestAuthority.Of(Gateway.Home);
        using var certificate = TestAuthority.Issue(authority, "host-1", Now.AddMinutes(-5), Now.AddDays(30));
        var seen = await (await Gateway.Client(name: GatewayUnderTest.AgentName, certificate: certificate).GetAsync("/duplex/gateway/v1", ("X-HyperBdr-Agent-Name", "another"))).SeenAsync();
        seen.Headers["x-hyperbdr-agent-name"].ShouldBe("host-1");
        seen.Headers["x-hyperbdr-agent-serial"].ShouldBe(certificate.SerialNumber);
        var thumbprint = Convert.ToHexStringLower(certificate.GetCertHash(System.Security.Cryptography.HashAlgorithmName.SHA256));
        seen.Headers["x-hyperbdr-agent-thumbprint"].ShouldBe(thumbprint);
        var token = InternalToken.Read(Gateway, seen, "porter");
        token["kind"].ShouldBe("machine");
        token["tenant"].ShouldBe(TestAuthority.Tenant);
        token["name"].ShouldBe("host-1");
        token["sid"].ShouldBe(thumbprint);
        token["role"].ShouldBe("");
    }

    [Fact]
    public async Task An_agents_grpc_stream_is_routed_to_porter()
    {
        using var authority = TestAuthority.Of(Gateway.Home);
        using var certificate = TestAuthority.Issue(authority, "host-2", Now.AddMinutes(-5), Now.AddDays(30));
        using var call = new HttpRequestMessage(HttpMethod.Post, "/hyperbdr.porter.v1.AgentLink/Connect") { Version = HttpVersion.Version20, Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new("application/grpc") } } };
        var answer = await Gateway.Client(name: GatewayUnderTest.AgentName, certificate: certificate).SendAsync(call, TestContext.Current.CancellationToken);
        // The upstream of this test has no such method and says so itself.
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/api/v1/porter/x")]
    [InlineData("/")]
    [InlineData("/hypermotion/v1/hosts")]
    public async Task The_agents_name_serves_nothing_else(string path)
    {
        using var authority = TestAuthority.Of(Gateway.Home);
        using var certificate = TestAuthority.Issue(authority, "host-1", Now.AddMinutes(-5), Now.AddDays(30));
        (await Gateway.Client(name: GatewayUnderTest.AgentName, certificate: certificate).GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("/duplex/gateway/v1")]
    [InlineData("/DUPLEX/gateway/v1")]
    [InlineData("/hyperbdr.porter.v1.AgentLink/Connect")]
    public async Task The_browsers_name_asks_for_no_certificate_and_refuses_agents_routes(string path)
    {
        using var authority = TestAuthority.Of(Gateway.Home);
        using var certificate = TestAuthority.Issue(authority, "host-1", Now.AddMinutes(-5), Now.AddDays(30));
        foreach (var surface in new[] { Surface.Console, Surface.Portal })
        {
            var refused = await Gateway.Client(surface, certificate: certificate).GetAsync(path);
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await refused.CodeAsync()).ShouldBe("auth.client_certificate");
        }
    }

    [Fact]
    public async Task A_host_of_the_other_name_is_misdirected_both_ways()
    {
        using var authority = TestAuthority.Of(Gateway.Home);
        using var certificate = TestAuthority.Issue(authority, "host-1", Now.AddMinutes(-5), Now.AddDays(30));
        (await Gateway.RawAsync($"GET /duplex/gateway/v1 HTTP/1.1\r\nHost: {GatewayUnderTest.AgentName}\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 421");
        (await Gateway.RawAsync("GET /duplex/gateway/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", GatewayUnderTest.AgentName, certificate)).ShouldStartWith("HTTP/1.1 421");
        (await Gateway.RawAsync($"GET /duplex/gateway/v1 HTTP/1.1\r\nHost: {GatewayUnderTest.AgentName}:1\r\nConnection: close\r\n\r\n", GatewayUnderTest.AgentName, certificate)).ShouldStartWith("HTTP/1.1 200");
    }

    [Fact]
    public async Task Tls_1_1_is_refused()
    {
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, Gateway.ConsolePort, TestContext.Current.CancellationToken);
        // A TLS 1.1 ClientHello: record 3.1, version 3.2, one suite, no extensions.
        byte[] hello = [22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2, .. new byte[32], 0, 0, 2, 0, 0x2f, 1, 0];
        await tcp.GetStream().WriteAsync(hello, TestContext.Current.CancellationToken);
        var answer = new byte[16];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var read = await tcp.GetStream().ReadAsync(answer, limit.Token);
        // Nothing, or a fatal alert (21): never a ServerHello (22).
        (read == 0 || answer[0] == 21).ShouldBeTrue();
    }

    [Fact]
    public async Task Internal_grpc_services_are_not_reachable()
    {
        var probes = new PoolProbes.PoolProbesClient(Gateway.Channel());
        var token = fixture.Identity.AddToken();
        var refused = await Should.ThrowAsync<RpcException>(async () => await probes.RunStepAsync(new RunProbeStepRequest(), new Metadata { { "authorization", $"Bearer {token}" } }));
        refused.StatusCode.ShouldBe(StatusCode.NotFound);
        var principals = new Contracts.Identity.V1.Principals.PrincipalsClient(Gateway.Channel());
        (await Should.ThrowAsync<RpcException>(async () => await principals.ResolveAsync(new Contracts.Identity.V1.ResolveRequest()))).StatusCode.ShouldBe(StatusCode.NotFound);
    }
}
