using System.Net;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

public sealed class LimitTests(GatewayFixture fixture)
{
    private const int OneMebibyte = 1024 * 1024;

    [Theory]
    [InlineData("1.1", false)]
    [InlineData("1.1", true)]
    [InlineData("2.0", false)]
    [InlineData("2.0", true)]
    public async Task A_body_over_one_mebibyte_is_refused(string version, bool chunked)
    {
        foreach (var signed in new[] { false, true })
        {
            fixture.Identity.AddKey("AK2");
            (string, string)[] proof = signed ? [("X-AK", "AK2"), ("X-TS", "1"), ("X-Nonce", "n"), ("X-SIGN", "0")] : [("X-Auth-Token", fixture.Identity.AddToken())];
            var refused = await SendAsync(version, chunked, OneMebibyte + 1, proof);
            refused.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
            (await refused.CodeAsync()).ShouldBe("request.too_large");
        }

        // HTTP/1.1 counts the frames of the chunks too.
        var fits = chunked ? OneMebibyte - (64 * 1024) : OneMebibyte;
        (await (await SendAsync(version, chunked, fits, ("X-Auth-Token", fixture.Identity.AddToken()))).SeenAsync()).Body.ShouldBe(fits);
    }

    [Fact]
    public async Task Grpc_content_does_not_lift_the_body_limit_of_other_routes()
    {
        using var call = Calls.To(HttpMethod.Post, "/api/v1/storplus/pools", ("X-Auth-Token", fixture.Identity.AddToken()));
        call.Version = HttpVersion.Version20;
        call.Content = new ByteArrayContent(new byte[10]) { Headers = { ContentType = new("application/grpc") } };
        (await fixture.Gateway.Client().SendAsync(call)).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task Calls_above_the_rate_are_told_when_to_come_again()
    {
        await using var gateway = await NarrowAsync("--Gateway:Limits:CallsPerSecond=1", "--Gateway:Limits:CallsBurst=5");
        var (one, other) = (("X-Auth-Token", fixture.Identity.AddToken()), ("X-Auth-Token", fixture.Identity.AddToken()));
        var client = gateway.Client();
        for (var i = 0; i < 5; i++) (await client.GetAsync("/api/v1/ant/tasks", one)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var refused = await client.GetAsync("/api/v1/ant/tasks", one);
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBe(1);
        (await refused.CodeAsync()).ShouldBe("request.too_many");
        (await client.GetAsync("/api/v1/ant/tasks", other)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await GatewayUnderTest.EventuallyAsync(async () => (await client.GetAsync("/api/v1/ant/tasks", one)).StatusCode == HttpStatusCode.OK, "the bucket refills");
    }

    [Fact]
    public async Task The_older_api_gets_its_own_form_of_refusal()
    {
        await using var gateway = await NarrowAsync("--Gateway:Limits:AnonymousPerSecond=1", "--Gateway:Limits:AnonymousBurst=1");
        await gateway.Client().GetAsync("/hypermotion/v1/hosts");
        var refused = await gateway.Client().GetAsync("/hypermotion/v1/hosts");
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.GetValues("Server-Error-Message").Single().ShouldStartWith("Too many");
        using var body = System.Text.Json.JsonDocument.Parse(await refused.Content.ReadAsStringAsync());
        body.RootElement.GetProperty("code").GetInt32().ShouldBe(429);
        body.RootElement.GetProperty("faultstring").GetString().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Nobody_and_sign_in_are_limited_by_address_and_failures_cost_no_question()
    {
        await using var gateway = await NarrowAsync("--Gateway:Limits:AnonymousPerSecond=1", "--Gateway:Limits:AnonymousBurst=3", "--Gateway:Limits:SignInPerSecond=1", "--Gateway:Limits:SignInBurst=2");
        var client = gateway.Client();
        (await CountAsync(() => client.AskAsync(HttpMethod.Post, "/api/v1/identity/session"), 8)).ShouldBeLessThan(8);
        (await CountAsync(() => client.GetAsync("/api/v1/ant/tasks"), 10)).ShouldBeLessThan(10);
        (await CountAsync(() => client.GetAsync("/api/nope"), 10)).ShouldBeLessThan(10);
        var before = fixture.Identity.Questions;
        for (var i = 0; i < 20; i++) (await client.GetAsync("/api/v1/ant/tasks", ("X-Auth-Token", $"guess{i}"))).StatusCode.ShouldBeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.TooManyRequests);
        (fixture.Identity.Questions - before).ShouldBeLessThan(20);

        // Somebody known behind the same address still gets through as soon as the guessing pauses.
        await GatewayUnderTest.EventuallyAsync(async () => (await client.GetAsync("/api/v1/ant/tasks", ("X-Auth-Token", fixture.Identity.AddToken()))).StatusCode == HttpStatusCode.OK, "known callers are served");

        async Task<int> CountAsync(Func<Task<HttpResponseMessage>> call, int times)
        {
            var served = 0;
            for (var i = 0; i < times; i++)
                if ((await call()).StatusCode != HttpStatusCode.TooManyRequests) served++;
            return served;
        }
    }

    private Task<GatewayUnderTest> NarrowAsync(params string[] limits) =>
        GatewayUnderTest.StartAsync(GatewayUnderTest.Arguments(GatewayUnderTest.NewHome(), fixture.Upstream, fixture.Upstream, limits));

    private async Task<HttpResponseMessage> SendAsync(string version, bool chunked, int length, params (string, string)[] headers)
    {
        var client = fixture.Gateway.Client(version: Version.Parse(version));
        using var call = Calls.To(HttpMethod.Post, "/api/v1/storplus/pools", headers);
        call.Version = Version.Parse(version);
        call.Content = chunked ? new StreamContent(new Unannounced(length)) : new ByteArrayContent(new byte[length]);
        if (chunked && version == "1.1") call.Headers.TransferEncodingChunked = true;
        call.Headers.ExpectContinue = true;
        return await client.SendAsync(call);
    }

    /// <summary>So many zero bytes, without saying how many.</summary>
    private sealed class Unannounced(int length) : Stream
    {
        private int left = length;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var n = Math.Min(count, left);
            Array.Clear(buffer, offset, n);
            left -= n;
            return n;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
