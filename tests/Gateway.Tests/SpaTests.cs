using System.Net;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class SpaTests(GatewayFixture fixture)
{
    private GatewayUnderTest Gateway => fixture.Gateway;

    [Theory]
    [InlineData("console", "/", "the console")]
    [InlineData("console", "/index.html", "the console")]
    [InlineData("console", "/pools/17/edit", "the console")]
    [InlineData("portal", "/", "the portal")]
    [InlineData("portal", "/tenants", "the portal")]
    public async Task Each_port_answers_its_own_addresses_with_its_own_page(string surface, string path, string title)
    {
        var page = await Gateway.Client(surface == "portal" ? Surface.Portal : Surface.Console).GetAsync(path);
        (await page.Content.ReadAsStringAsync()).ShouldContain(title);
        page.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        page.Headers.CacheControl!.ToString().ShouldBe("no-cache");
    }

    [Theory]
    [InlineData("console", "/portal.html")]
    [InlineData("portal", "/index.html")]
    [InlineData("console", "/.hidden")]
    [InlineData("console", "/assets/missing-12345678.js")]
    [InlineData("console", "/assets/packed-Zz19_8ab.css.br")]
    public async Task What_is_not_for_the_port_is_not_found(string surface, string path)
    {
        (await Gateway.Client(surface == "portal" ? Surface.Portal : Surface.Console).GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_page_is_asked_for_again_by_its_tag()
    {
        var first = await Gateway.Client().GetAsync("/");
        var again = await Gateway.Client().GetAsync("/", ("If-None-Match", first.Headers.ETag!.ToString()));
        again.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        again.Headers.CacheControl!.ToString().ShouldBe("no-cache");
        (await Gateway.Client().GetAsync("/", ("If-None-Match", "\"other\""))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Assets_named_by_their_content_are_kept_for_ever_and_others_are_not()
    {
        (await Gateway.Client().GetAsync($"/{Pages.Script}")).Headers.CacheControl!.ToString().ShouldBe("public, max-age=31536000, immutable");
        (await Gateway.Client().GetAsync("/favicon.svg")).Headers.CacheControl!.ToString().ShouldBe("no-cache");
    }

    [Fact]
    public async Task Text_is_compressed_by_the_build_or_on_the_way()
    {
        var packed = await Gateway.Client().GetAsync("/assets/packed-Zz19_8ab.css", ("Accept-Encoding", "gzip, br"));
        packed.Content.Headers.ContentEncoding.ShouldBe(["br"]);
        packed.Content.Headers.ContentType!.MediaType.ShouldBe("text/css");
        (await packed.Content.ReadAsStringAsync()).ShouldBe("packed by the build");
        (await (await Gateway.Client().GetAsync("/assets/packed-Zz19_8ab.css")).Content.ReadAsStringAsync()).ShouldBe("body { color: red }");

        var onTheWay = await Gateway.Client().GetAsync($"/{Pages.Script}", ("Accept-Encoding", "gzip"));
        onTheWay.Content.Headers.ContentEncoding.ShouldBe(["gzip"]);
        onTheWay.Headers.Vary.ShouldContain("Accept-Encoding");
        using var text = new StreamReader(new System.IO.Compression.GZipStream(await onTheWay.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress));
        (await text.ReadToEndAsync()).ShouldBe(Pages.ScriptText);
    }

    [Theory]
    [InlineData("/../outside-of-web.txt")]
    [InlineData("/assets/../../outside-of-web.txt")]
    [InlineData("/%2e%2e/outside-of-web.txt")]
    [InlineData("/..%2foutside-of-web.txt")]
    [InlineData("/..%5coutside-of-web.txt")]
    [InlineData("/..\\outside-of-web.txt")]
    [InlineData("//etc/passwd")]
    [InlineData("/assets/%00")]
    [InlineData("/%252e%252e/outside-of-web.txt")]
    public async Task No_path_leads_out_of_the_folder(string path)
    {
        var answer = await Gateway.RawAsync($"GET {path} HTTP/1.1\r\nHost: localhost:{Gateway.ConsolePort}\r\nConnection: close\r\n\r\n");
        answer.ShouldMatch("^HTTP/1.1 (400|404)");
        answer.ShouldNotContain("outside\"");
        answer.ShouldNotContain("root:");
    }

    [Fact]
    public async Task Without_its_files_the_gateway_says_so_and_the_apis_work()
    {
        await using var bare = await GatewayUnderTest.StartAsync(GatewayUnderTest.Arguments(GatewayUnderTest.NewHome(), fixture.Upstream, fixture.Upstream, "--WEB_ROOT=/nowhere/at/all"));
        var page = await bare.Client().GetAsync("/");
        page.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await page.Content.ReadAsStringAsync()).ShouldContain("WEB_ROOT");
        (await bare.Client().GetAsync("/api/v1/ant/tasks")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
