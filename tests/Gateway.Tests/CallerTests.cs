using System.Net;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class CallerTests(GatewayFixture fixture)
{
    private GatewayUnderTest Gateway => fixture.Gateway;

    [Fact]
    public async Task A_service_gets_the_gateways_token_and_none_of_the_callers_headers()
    {
        var token = fixture.Identity.AddToken();
        var seen = await (await Gateway.Client().GetAsync("/api/v1/porter/things?b=2&a=1", ("Authorization", $"Bearer {token}"), ("X-Auth-Token", token),
            ("Cookie", "__Host-hyperbdr-console=abc; other=1"), ("X-HyperBdr-Surface", "portal"), ("x-hyperbdr-agent-name", "root"), ("X-HyperBdr-Anything", "1"),
            ("X-Forwarded-For", "10.1.1.1"), ("X-Forwarded-Host", "evil"), ("Forwarded", "for=10.1.1.1"), ("X-Real-IP", "10.1.1.1"), ("X-Request-Id", "mine"), ("X-HTTP-Method-Override", "DELETE"), ("Baggage", "a=b"))).SeenAsync();
        seen.Path.ShouldBe("/api/v1/porter/things");
        seen.Query.ShouldBe("?b=2&a=1");
        var claims = InternalToken.Read(Gateway, seen, "porter");
        claims["kind"].ShouldBe("api_token");
        claims["name"].ShouldBe("ann");
        claims["role"].ShouldBe("operator");
        claims["ip"].ShouldBe("127.0.0.1");
        seen.Headers["x-hyperbdr-surface"].ShouldBe("console");
        seen.Headers["x-request-id"].ShouldNotBe("mine");
        seen.Headers["traceparent"].ShouldContain(seen.Headers["x-request-id"]);
        foreach (var name in new[] { "x-auth-token", "cookie", "x-hyperbdr-agent-name", "x-hyperbdr-anything", "x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip", "x-http-method-override", "baggage" })
            seen.Headers.ShouldNotContainKey(name);
        seen.Headers.Values.ShouldAllBe(v => !v.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Identity_is_asked_with_a_token_of_the_gateway()
    {
        await Gateway.Client().GetAsync("/api/v1/porter/x", ("X-Auth-Token", fixture.Identity.AddToken()));
        InternalToken.Read(Gateway, fixture.Identity.LastAuthorization!, "identity")["kind"].ShouldBe("service");
    }

    [Fact]
    public async Task Only_identity_gets_the_session_cookie()
    {
        var session = fixture.Identity.AddSession("console");
        var cookie = ("Cookie", $"tracking=1; __Host-hyperbdr-console={session}; hyperbdr-csrf-console=x");
        (await (await Gateway.Client().GetAsync("/api/v1/identity/session", cookie)).SeenAsync()).Headers["cookie"].ShouldBe($"__Host-hyperbdr-console={session}");
        (await (await Gateway.Client().GetAsync("/api/v1/ant/tasks", cookie)).SeenAsync()).Headers.ShouldNotContainKey("cookie");
    }

    [Fact]
    public async Task Only_identity_sets_cookies()
    {
        (await Gateway.Client().GetAsync("/api/v1/identity/session")).Headers.Contains("Set-Cookie").ShouldBeTrue();
        (await Gateway.Client().GetAsync("/api/v1/owl/audit")).Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    [Fact]
    public async Task Nobody_gets_a_token_of_nobody()
    {
        var seen = await (await Gateway.Client().GetAsync("/api/v1/report/exports")).SeenAsync();
        var claims = InternalToken.Read(Gateway, seen, "report");
        claims["kind"].ShouldBe("anonymous");
        claims["ip"].ShouldBe("127.0.0.1");
    }

    [Theory]
    [InlineData("X-Auth-Token", "unknown")]
    [InlineData("Authorization", "Bearer unknown")]
    [InlineData("Authorization", "Basic YTpi")]
    [InlineData("X-AK", "unknown")]
    public async Task Wrong_credentials_are_refused_before_any_service_is_asked(string header, string value)
    {
        var refused = await Gateway.Client().AskAsync(HttpMethod.Post, "/api/v1/ant/tasks", (header, value), ("Cookie", $"__Host-hyperbdr-console={fixture.Identity.AddSession("console")}"));
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await refused.CodeAsync()).ShouldBe("auth.required");
    }

    [Fact]
    public async Task A_stale_cookie_or_token_does_not_stop_signing_in()
    {
        var client = Gateway.Client();
        (await client.AskAsync(HttpMethod.Post, "/api/v1/identity/session", ("Cookie", "__Host-hyperbdr-console=stale"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.AskAsync(HttpMethod.Post, "/hypermotion/v1/users/token", ("X-Auth-Token", "stale"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Sessions_and_pages_of_one_port_are_nothing_on_the_other()
    {
        var (console, portal) = (fixture.Identity.AddSession("console"), fixture.Identity.AddSession("portal"));
        (await KindAsync(Surface.Console, ("Cookie", $"__Host-hyperbdr-console={console}"))).ShouldBe("session");
        (await KindAsync(Surface.Portal, ("Cookie", $"__Host-hyperbdr-portal={portal}"))).ShouldBe("session");
        (await KindAsync(Surface.Portal, ("Cookie", $"__Host-hyperbdr-console={console}"))).ShouldBe("anonymous");
        (await KindAsync(Surface.Portal, ("Cookie", $"__Host-hyperbdr-portal={console}"))).ShouldBe("anonymous");
        (await KindAsync(Surface.Console, ("Cookie", $"__Host-hyperbdr-console={portal}"))).ShouldBe("anonymous");
    }

    [Fact]
    public async Task The_portal_takes_no_api_tokens()
    {
        (await Gateway.Client(Surface.Portal).GetAsync("/api/v1/owl/audit", ("X-Auth-Token", fixture.Identity.AddToken()))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_known_caller_is_kept_for_two_seconds_at_most_and_forgotten_at_once_after_a_change_at_identity()
    {
        var session = fixture.Identity.AddSession("console", csrf: "c");
        var cookie = ("Cookie", $"__Host-hyperbdr-console={session}");
        (await KindAsync(Surface.Console, cookie)).ShouldBe("session");
        await Gateway.Client().AskAsync(HttpMethod.Delete, "/api/v1/identity/session", cookie, ("X-CSRF-Token", "c"));
        fixture.Identity.Revoke(session);
        (await KindAsync(Surface.Console, cookie)).ShouldBe("anonymous");

        var token = fixture.Identity.AddToken();
        (await KindAsync(Surface.Console, ("X-Auth-Token", token))).ShouldBe("api_token");
        fixture.Identity.Revoke(token);
        await GatewayUnderTest.EventuallyAsync(async () => (await Gateway.Client().GetAsync("/api/v1/ant/tasks", ("X-Auth-Token", token))).StatusCode == HttpStatusCode.Unauthorized, "the token is refused");
    }

    [Fact]
    public async Task A_caller_with_something_pending_is_asked_for_each_time()
    {
        var session = fixture.Identity.AddSession("console", pending: "totp");
        var cookie = ("Cookie", $"__Host-hyperbdr-console={session}");
        var seen = await (await Gateway.Client().GetAsync("/api/v1/ant/tasks", cookie)).SeenAsync();
        InternalToken.Read(Gateway, seen, "ant")["pending"].ShouldBe("totp");
        fixture.Identity.Revoke(session);
        (await KindAsync(Surface.Console, cookie)).ShouldBe("anonymous");
    }

    [Fact]
    public async Task Api_documents_are_for_people_who_are_signed_in()
    {
        (await Gateway.Client().GetAsync("/api/v1/ant/openapi.json")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await (await Gateway.Client().GetAsync("/api/v1/ant/openapi.json", ("X-Auth-Token", fixture.Identity.AddToken()))).SeenAsync()).Path.ShouldBe("/openapi/v1.json");
    }

    [Fact]
    public async Task A_signed_call_is_verified_over_what_arrived()
    {
        fixture.Identity.AddKey("AK1");
        using var call = Calls.To(HttpMethod.Post, "/api/v1/storplus/pools/a%20b?z=1&a=%2F&a=", ("X-AK", "AK1"), ("X-TS", "1790000000"), ("X-Nonce", "n1"), ("X-SIGN", "00ff"));
        call.Content = new StringContent("{\"name\":\"ü\"}", System.Text.Encoding.UTF8, "application/json");
        var seen = await (await Gateway.Client().SendAsync(Http2(call), TestContext.Current.CancellationToken)).SeenAsync();
        seen.Body.ShouldBe(13);
        seen.Headers.Keys.ShouldNotContain("x-sign");
        var signed = fixture.Identity.LastSigned!;
        (signed.AccessKey, signed.TimestampUnixS, signed.Nonce, signed.SignatureHex, signed.Method).ShouldBe(("AK1", 1790000000, "n1", "00ff", "POST"));
        signed.Path.ShouldBe("/api/v1/storplus/pools/a%20b");
        signed.SortedQuery.ShouldBe("a=&a=%2F&z=1");
        signed.BodySha256Hex.ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("{\"name\":\"ü\"}"u8)));
    }

    private static HttpRequestMessage Http2(HttpRequestMessage call)
    {
        call.Version = HttpVersion.Version20;
        return call;
    }

    private async Task<string> KindAsync(Surface surface, params (string, string)[] headers) =>
        InternalToken.Read(Gateway, await (await Gateway.Client(surface).GetAsync("/api/v1/ant/tasks", headers)).SeenAsync(), "ant")["kind"];
}
