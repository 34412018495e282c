using System.Net;
using System.Net.WebSockets;
using System.Text;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class CrossSiteTests(GatewayFixture fixture)
{
    private GatewayUnderTest Gateway => fixture.Gateway;

    private string Own => $"https://localhost:{Gateway.ConsolePort}";

    [Theory]
    [InlineData("POST", null, "auth.csrf")]
    [InlineData("POST", "", "auth.csrf")]
    [InlineData("PUT", "wrong", "auth.csrf")]
    [InlineData("DELETE", "right-", "auth.csrf")]
    [InlineData("PATCH", "right", null)]
    [InlineData("POST", "right", null)]
    [InlineData("GET", null, null)]
    public async Task Changes_in_a_session_need_its_csrf_token(string method, string? sent, string? refusal)
    {
        var cookie = ("Cookie", $"__Host-hyperbdr-console={fixture.Identity.AddSession("console", csrf: "right")}");
        var answer = await Gateway.Client().AskAsync(HttpMethod.Parse(method), "/api/v1/storplus/pools", sent is null ? [cookie] : [cookie, ("X-CSRF-Token", sent)]);
        if (refusal is null) answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        else
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await answer.CodeAsync()).ShouldBe(refusal);
        }
    }

    [Fact]
    public async Task A_session_without_a_csrf_token_at_identity_changes_nothing()
    {
        var cookie = ("Cookie", $"__Host-hyperbdr-console={fixture.Identity.AddSession("console")}");
        (await Gateway.Client().AskAsync(HttpMethod.Post, "/api/v1/storplus/pools", cookie, ("X-CSRF-Token", ""))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Tokens_need_no_csrf_token()
    {
        (await Gateway.Client().AskAsync(HttpMethod.Post, "/api/v1/storplus/pools", ("X-Auth-Token", fixture.Identity.AddToken()))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    [InlineData("http://localhost")]
    public async Task A_change_from_a_foreign_page_is_refused_even_for_nobody(string origin)
    {
        var refused = await Gateway.Client().AskAsync(HttpMethod.Post, "/api/v1/identity/session", ("Origin", origin));
        (await refused.CodeAsync()).ShouldBe("auth.origin");
    }

    [Fact]
    public async Task The_own_page_may_sign_in()
    {
        (await Gateway.Client().AskAsync(HttpMethod.Post, "/api/v1/identity/session", ("Origin", Own))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_socket_of_the_own_page_works_over_http(string version)
    {
        var session = fixture.Identity.AddSession("console", csrf: "c");
        using var socket = await OpenAsync("/api/v1/owl/live?id=1", Own, session, Version.Parse(version));
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        var buffer = new byte[64];
        var got = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        Encoding.UTF8.GetString(buffer, 0, got.Count).ShouldBe("hello");
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("https://evil.example", "1.1")]
    [InlineData("https://evil.example", "2.0")]
    [InlineData(null, "1.1")]
    public async Task A_socket_of_a_foreign_page_is_refused(string? origin, string version)
    {
        var session = fixture.Identity.AddSession("console", csrf: "c");
        await Should.ThrowAsync<WebSocketException>(async () => (await OpenAsync("/api/v1/owl/live", origin, session, Version.Parse(version))).Dispose());
    }

    [Fact]
    public async Task A_socket_is_cut_when_its_session_ends()
    {
        var session = fixture.Identity.AddSession("console", csrf: "c");
        using var socket = await OpenAsync("/api/v1/owl/live", Own, session, HttpVersion.Version11);
        var before = fixture.Identity.Watches;
        await GatewayUnderTest.EventuallyAsync(() => Task.FromResult(fixture.Identity.Watches > before), "the open socket is watched");
        fixture.Identity.Revoke(session);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await Should.ThrowAsync<WebSocketException>(async () => await socket.ReceiveAsync(new byte[16], limit.Token));
    }

    [Fact]
    public async Task SignalRs_negotiation_of_the_own_page_needs_no_token()
    {
        var cookie = ("Cookie", $"__Host-hyperbdr-console={fixture.Identity.AddSession("console", csrf: "c")}");
        (await Gateway.Client().AskAsync(HttpMethod.Post, "/api/v1/owl/live/negotiate", cookie, ("Origin", Own))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Gateway.Client().AskAsync(HttpMethod.Post, "/api/v1/owl/live/negotiate", cookie)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private async Task<ClientWebSocket> OpenAsync(string path, string? origin, string session, Version version)
    {
        var socket = new ClientWebSocket { Options = { HttpVersion = version, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };
        socket.Options.SetRequestHeader("Cookie", $"__Host-hyperbdr-console={session}");
        if (origin is not null) socket.Options.SetRequestHeader("Origin", origin);
        using var invoker = new HttpMessageInvoker(Gateway.Handler());
        await socket.ConnectAsync(new Uri($"wss://localhost:{Gateway.ConsolePort}{path}"), invoker, TestContext.Current.CancellationToken);
        return socket;
    }
}
