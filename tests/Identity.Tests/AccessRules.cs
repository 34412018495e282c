using System.Net;
using System.Text.Json.Nodes;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace HyperBdr.Identity.Tests;

[Collection(IdentityWorld.OneClock)]
public sealed class AccessRules(IdentityWorld world)
{
    public static TheoryData<string> EveryCaller() => [.. Roles.All, "anonymous", "machine", "pending", ""];

    [Theory]
    [MemberData(nameof(EveryCaller))]
    public async Task Every_endpoint_answers_each_caller_by_the_matrix(string who)
    {
        using var client = world.Identity.As(who switch
        {
            "" => null,
            "anonymous" => Caller.Anonymous,
            "machine" => new Caller(Guid.CreateVersion7(), "a", Guid.CreateVersion7(), "", "machine"),
            "pending" => new Caller(Guid.CreateVersion7(), "p", Tenants.Platform, Roles.PlatformAdmin, "session", Pending: "totp"),
            _ => new Caller(Guid.CreateVersion7(), "p", Guid.CreateVersion7(), who, "session"),
        });
        var wrong = new List<string>();
        foreach (var endpoint in Endpoints())
        {
            var method = new HttpMethod(endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]);
            var needs = endpoint.Metadata.OfType<AccessRule>().Single().Needs;
            if (needs == "anybody" && who.Length > 0) continue;
            var path = endpoint.RoutePattern.RawText!.Replace("{id:guid}", Guid.CreateVersion7().ToString(), StringComparison.Ordinal);
            using var answer = await Calls.SendAsync(client, method, path, method == HttpMethod.Get ? null : new { });
            var expected = who switch
            {
                "" or "anonymous" => HttpStatusCode.Unauthorized,
                "machine" or "pending" => HttpStatusCode.Forbidden,
                _ => Permissions.Allows(who, needs) || needs == "signed_in" ? (HttpStatusCode?)null : HttpStatusCode.Forbidden,
            };
            if (expected is null ? answer.StatusCode == HttpStatusCode.Forbidden && needs != "signed_in" : answer.StatusCode != expected) wrong.Add($"{method} {path}: {(int)answer.StatusCode}");
        }

        wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_document_names_every_operation_and_every_answer()
    {
        using var client = world.Identity.As(null);
        var document = JsonNode.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;
        var operations = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => (Name: $"{o.Key} {p.Key}", o.Value))).ToList();

        operations.Count.ShouldBe(Endpoints().Count());
        operations.Where(o => o.Value!["operationId"] is null).ShouldBeEmpty();
        operations.Where(o => !o.Value!["responses"]!.AsObject().Any(r => r.Key is "204" || (r.Key.StartsWith('2') && r.Value!["content"]?["application/json"]?["schema"] is not null))).Select(o => o.Name).ShouldBeEmpty();
        document["components"]!["schemas"]!.AsObject().Select(s => s.Key).Where(k => k is "Request" or "Response" || k.StartsWith("Request", StringComparison.Ordinal)).ShouldBeEmpty();
        document["components"]!["schemas"]!.AsObject().ShouldContain(s => s.Key == "CreateUserRequest");
    }

    [Fact]
    public async Task A_body_that_is_no_JSON_is_malformed_and_an_unknown_path_is_not_found()
    {
        using var client = world.Identity.As(IdentityWorld.CallerOf(await world.UserAsync(Roles.TenantAdmin)));

        using var malformed = await client.PostAsync(new Uri("/api/v1/identity/users", UriKind.Relative), new StringContent("{", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")));
        var answer = await Answer.ReadAsync(malformed);

        (answer.Status, answer.Code).ShouldBe((HttpStatusCode.BadRequest, "request.malformed"));
        (await Calls.AskAsync(client, HttpMethod.Get, "/users/not-an-id")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    private IEnumerable<RouteEndpoint> Endpoints() => world.Identity.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(e => e.Metadata.GetMetadata<HttpMethodMetadata>() is not null && e.Metadata.OfType<AccessRule>().Any(r => r.Needs != "service"));
}
