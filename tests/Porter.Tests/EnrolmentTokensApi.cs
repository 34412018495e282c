using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Porter.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace HyperBdr.Porter.Tests;

public sealed class EnrolmentTokensApi(PorterWorld world)
{
    private const string Tokens = "/api/v1/porter/enrolment-tokens";
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;
    private readonly Guid tenant = Guid.CreateVersion7();

    [Fact]
    public async Task A_token_is_made_listed_and_revoked_and_its_secret_is_shown_once()
    {
        using var admin = As(Roles.TenantAdmin);
        using var made = await admin.PostAsJsonAsync(Tokens, new { name = " rack 4 ", lifetime_s = 600 }, ct);

        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        made.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var body = await PorterWorld.ReadAsync(made, ct);
        var secret = body.GetProperty("secret").GetString()!;
        var token = body.GetProperty("token");
        token.GetProperty("name").GetString().ShouldBe("rack 4");
        token.GetProperty("state").GetString().ShouldBe("active");
        token.GetProperty("created_by").GetString().ShouldBe("ada");
        (token.GetProperty("expires_at").GetDateTimeOffset() - token.GetProperty("created_at").GetDateTimeOffset()).ShouldBe(TimeSpan.FromSeconds(600));

        var id = token.GetProperty("id").GetString();
        (await StatusAsync(admin, HttpMethod.Post, $"{Tokens}/{id}/revoke")).ShouldBe(HttpStatusCode.NoContent);
        (await StatusAsync(admin, HttpMethod.Post, $"{Tokens}/{id}/revoke")).ShouldBe(HttpStatusCode.NoContent);
        using var list = await admin.GetAsync(new Uri($"{Tokens}?state=revoked", UriKind.Relative), ct);
        var text = await list.Content.ReadAsStringAsync(ct);
        text.ShouldNotContain(secret);
        var row = JsonSerializer.Deserialize<JsonElement>(text).GetProperty("items").EnumerateArray().Single();
        row.GetProperty("state").GetString().ShouldBe("revoked");
        row.TryGetProperty("revoked_at", out _).ShouldBeTrue();
        (await ClaimAsync(secret)).ShouldBeFalse();

        await using var scope = world.Porter.ScopeOf(tenant);
        var stored = await scope.ServiceProvider.GetRequiredService<PorterDb>().EnrolmentTokens.AsNoTracking().SingleAsync(ct);
        stored.SecretHash.ShouldBe(Domain.EnrolmentToken.HashOf(secret));
    }

    [Fact]
    public async Task Of_100_parallel_claims_exactly_one_wins()
    {
        using var admin = As(Roles.TenantAdmin);
        using var made = await admin.PostAsJsonAsync(Tokens, new { name = "race", lifetime_s = 600 }, ct);
        var secret = (await PorterWorld.ReadAsync(made, ct)).GetProperty("secret").GetString()!;
        using var start = new SemaphoreSlim(0);

        var claims = Enumerable.Range(0, 100).Select(async _ =>
        {
            await start.WaitAsync(ct);
            return await ClaimAsync(secret);
        }).ToList();
        start.Release(100);

        (await Task.WhenAll(claims)).Count(won => won).ShouldBe(1);
        (await ClaimAsync(secret)).ShouldBeFalse();
        using var used = await admin.GetAsync(new Uri($"{Tokens}?state=used", UriKind.Relative), ct);
        var id = (await PorterWorld.ReadAsync(used, ct)).GetProperty("items").EnumerateArray().Single().GetProperty("id").GetString();
        (await StatusAsync(admin, HttpMethod.Post, $"{Tokens}/{id}/revoke")).ShouldBe(HttpStatusCode.Conflict);
    }

    [Theory]
    [InlineData("""{"name":"","lifetime_s":600}""", "name")]
    [InlineData("""{"lifetime_s":600}""", "name")]
    [InlineData("""{"name":null,"lifetime_s":600}""", "name")]
    [InlineData("""{"name":"a\u0000b","lifetime_s":600}""", "name")]
    [InlineData("""{"name":"x","lifetime_s":59}""", "lifetime_s")]
    [InlineData("""{"name":"x","lifetime_s":3601}""", "lifetime_s")]
    [InlineData("""{"name":"x"}""", "lifetime_s")]
    [InlineData("""{"name":"x","lifetime_s":"600"}""", null)]
    [InlineData("""{"name":""", null)]
    public async Task Bad_input_is_refused_and_the_field_is_named(string json, string? field)
    {
        using var admin = As(Roles.TenantAdmin);
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await admin.PostAsync(new Uri(Tokens, UriKind.Relative), body, ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = await PorterWorld.ReadAsync(answer, ct);
        problem.GetProperty("code").GetString().ShouldBe(field is null ? "request.malformed" : "request.validation");
        problem.GetProperty("trace_id").GetString().ShouldNotBeNullOrEmpty();
        if (field is not null) problem.GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldBe([field]);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413_and_an_unknown_address_404()
    {
        using var admin = As(Roles.TenantAdmin);
        using var large = new StringContent($$"""{"name":"{{new string('x', 2 * 1024 * 1024)}}","lifetime_s":600}""", Encoding.UTF8, "application/json");

        using var answer = await admin.PostAsync(new Uri(Tokens, UriKind.Relative), large, ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await StatusAsync(admin, HttpMethod.Get, "/hypermotion/v1/anything")).ShouldBe(HttpStatusCode.NotFound);
        (await StatusAsync(admin, HttpMethod.Post, $"{Tokens}/{Guid.CreateVersion7()}/revoke")).ShouldBe(HttpStatusCode.NotFound);
        (await StatusAsync(admin, HttpMethod.Get, $"{Tokens}?state=sleeping")).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Another_tenant_sees_and_revokes_nothing()
    {
        using var admin = As(Roles.TenantAdmin);
        using var made = await admin.PostAsJsonAsync(Tokens, new { name = "mine", lifetime_s = 600 }, ct);
        var id = (await PorterWorld.ReadAsync(made, ct)).GetProperty("token").GetProperty("id").GetString();
        using var stranger = world.Porter.As(RunningService<PorterDb>.Person(Roles.TenantAdmin, Guid.CreateVersion7()));

        using var list = await stranger.GetAsync(new Uri(Tokens, UriKind.Relative), ct);
        (await PorterWorld.ReadAsync(list, ct)).GetProperty("total").GetInt32().ShouldBe(0);
        (await StatusAsync(stranger, HttpMethod.Post, $"{Tokens}/{id}/revoke")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("GET", Tokens, Permissions.EnrolmentsRead)]
    [InlineData("POST", Tokens, Permissions.EnrolmentsWrite)]
    [InlineData("POST", Tokens + "/0190a000-0000-7000-8000-000000000000/revoke", Permissions.EnrolmentsWrite)]
    public async Task Each_role_gets_what_the_matrix_says(string method, string path, string permission)
    {
        foreach (var role in Roles.All)
        {
            using var client = As(role);
            var status = await StatusAsync(client, new HttpMethod(method), path);
            if (Permissions.Allows(role, permission)) status.ShouldNotBeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden);
            else status.ShouldBe(HttpStatusCode.Forbidden, role);
        }

        using var nobody = world.Porter.As(null);
        (await StatusAsync(nobody, new HttpMethod(method), path)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_same_over_grpc_with_the_same_rules()
    {
        using var admin = world.Porter.ChannelAs(RunningService<PorterDb>.Person(Roles.TenantAdmin, tenant));
        using var reader = world.Porter.ChannelAs(RunningService<PorterDb>.Person(Roles.ReadOnly, tenant));
        using var nobody = world.Porter.ChannelAs(null);
        var client = new EnrolmentTokens.EnrolmentTokensClient(admin);

        var made = await client.CreateTokenAsync(new CreateTokenRequest { Name = "by tool", LifetimeS = 60 }, cancellationToken: ct);
        made.Secret.ShouldStartWith("hbe_");
        (await new EnrolmentTokens.EnrolmentTokensClient(reader).ListTokensAsync(new ListTokensRequest(), cancellationToken: ct)).Tokens.Single().State.ShouldBe("active");
        (await client.RevokeTokenAsync(new RevokeTokenRequest { TokenId = made.Token.Id }, cancellationToken: ct)).State.ShouldBe("revoked");

        async Task<StatusCode> FaultAsync(Func<Task> call) => (await Should.ThrowAsync<RpcException>(call)).StatusCode;
        (await FaultAsync(async () => await client.RevokeTokenAsync(new RevokeTokenRequest { TokenId = "x" }, cancellationToken: ct))).ShouldBe(StatusCode.NotFound);
        (await FaultAsync(async () => await client.CreateTokenAsync(new CreateTokenRequest { Name = "x", LifetimeS = 1 }, cancellationToken: ct))).ShouldBe(StatusCode.InvalidArgument);
        (await FaultAsync(async () => await new EnrolmentTokens.EnrolmentTokensClient(reader).CreateTokenAsync(new CreateTokenRequest { Name = "x", LifetimeS = 60 }, cancellationToken: ct))).ShouldBe(StatusCode.PermissionDenied);
        (await FaultAsync(async () => await new EnrolmentTokens.EnrolmentTokensClient(nobody).ListTokensAsync(new ListTokensRequest(), cancellationToken: ct))).ShouldBe(StatusCode.Unauthenticated);
    }

    private HttpClient As(string role) => world.Porter.As(RunningService<PorterDb>.Person(role, tenant));

    private async Task<HttpStatusCode> StatusAsync(HttpClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post && path == Tokens) request.Content = JsonContent.Create(new { name = "x", lifetime_s = 60 });
        using var answer = await client.SendAsync(request, ct);
        return answer.StatusCode;
    }

    private async Task<bool> ClaimAsync(string secret)
    {
        using var machine = new TestMachine();
        try
        {
            await machine.EnrolAsync(world, secret);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated && e.Trailers.GetValue("error-code") == "porter.enrolment_token.not_usable")
        {
            return false;
        }
    }
}
