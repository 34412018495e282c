using System.Net;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class AnswerTests(GatewayFixture fixture)
{
    private GatewayUnderTest Gateway => fixture.Gateway;

    [Theory]
    [InlineData("/", HttpStatusCode.OK)]
    [InlineData("/assets/index-B4x_9aQz.js", HttpStatusCode.OK)]
    [InlineData("/pools/17", HttpStatusCode.OK)]
    [InlineData("/api/v1/ant/tasks", HttpStatusCode.OK)]
    [InlineData("/api/v1/nope", HttpStatusCode.NotFound)]
    [InlineData("/assets/absent.js", HttpStatusCode.NotFound)]
    [InlineData("/duplex/gateway/v1", HttpStatusCode.Forbidden)]
    [InlineData("/api/v1/ant/openapi.json", HttpStatusCode.Unauthorized)]
    [InlineData("/api/v1/ant/%2e%2e%2fowl", HttpStatusCode.BadRequest)]
    public async Task Every_answer_has_the_security_headers(string path, HttpStatusCode status)
    {
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            var answer = await Gateway.Client(version: version).GetAsync(path);
            answer.StatusCode.ShouldBe(status);
            string Header(string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : throw new ShouldAssertException($"{name} is missing");
            Header("Strict-Transport-Security").ShouldBe("max-age=31536000");
            Header("Content-Security-Policy").ShouldContain("frame-ancestors 'none'");
            Header("X-Content-Type-Options").ShouldBe("nosniff");
            Header("Referrer-Policy").ShouldBe("no-referrer");
            Header("Permissions-Policy").ShouldContain("camera=()");
            Header("Cross-Origin-Opener-Policy").ShouldBe("same-origin");
            Header("Cross-Origin-Resource-Policy").ShouldBe("same-origin");
            Header("X-Request-Id").Length.ShouldBe(32);
            answer.Headers.Contains("Server").ShouldBeFalse();
            if (path.StartsWith("/api", StringComparison.Ordinal) || status != HttpStatusCode.OK) answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("/api")]
    [InlineData("/api/v1/migrations/x")]
    [InlineData("/api/v4/anything")]
    [InlineData("/duplex/gateway/v2")]
    [InlineData("/API/v1/nope")]
    [InlineData("/hyperbdr.identity.v1.Principals/Resolve")]
    [InlineData("/healthz/live")]
    [InlineData("/healthz/ready")]
    [InlineData("/metrics")]
    public async Task An_unknown_address_of_the_api_is_a_problem_and_never_a_page(string path)
    {
        foreach (var surface in new[] { Surface.Console, Surface.Portal })
        {
            var answer = await Gateway.Client(surface).GetAsync(path);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await answer.CodeAsync()).ShouldBe("request.not_found");
        }
    }

    [Theory]
    [InlineData("/hypermotion/v1/users", "identity")]
    [InlineData("/hypermotion/v1/users/token", "identity")]
    [InlineData("/api/v2/loginNoImageCaptcha", "identity")]
    [InlineData("/api/v2/loginMfa", "identity")]
    [InlineData("/api/v2/refreshToken", "identity")]
    [InlineData("/api/v2/logout", "identity")]
    [InlineData("/hypermotion/v1/hosts/register", "porter")]
    [InlineData("/api/v1/identity/users", "identity")]
    [InlineData("/api/v1/storplus/pools/1/probes", "storplus")]
    [InlineData("/api/v1/owl/live/negotiate", "owl")]
    [InlineData("/api/v1/report/exports", "report")]
    public async Task Each_address_goes_to_its_service_unchanged(string path, string service)
    {
        var seen = await (await Gateway.Client().AskAsync(HttpMethod.Post, path)).SeenAsync();
        seen.Path.ShouldBe(path);
        InternalToken.Read(Gateway, seen, service)["kind"].ShouldBe("anonymous");
    }

    [Fact]
    public async Task Health_and_metrics_are_on_the_loopback_port_and_nothing_else()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Gateway.HealthPort}") };
        (await http.GetAsync(new Uri("/healthz/live", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.GetAsync(new Uri("/metrics", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.GetAsync(new Uri("/api/v1/ant/tasks", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await http.GetAsync(new Uri("/", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Answers_in_a_session_are_never_compressed_and_those_for_tokens_are_on_request()
    {
        var cookie = ("Cookie", $"__Host-hyperbdr-console={fixture.Identity.AddSession("console")}");
        (await Gateway.Client().GetAsync("/api/v1/ant/tasks", cookie, ("Accept-Encoding", "gzip, br"))).Content.Headers.ContentEncoding.ShouldBeEmpty();
        (await Gateway.Client().GetAsync("/api/v1/ant/tasks", ("X-Auth-Token", fixture.Identity.AddToken()), ("Accept-Encoding", "gzip"))).Content.Headers.ContentEncoding.ShouldBe(["gzip"]);
    }

    [Fact]
    public async Task Trace_is_refused()
    {
        (await Gateway.Client().AskAsync(HttpMethod.Trace, "/api/v1/ant/tasks")).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }
}
