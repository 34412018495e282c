using System.Net;
using System.Text.Json.Nodes;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Suite;
using Shouldly;
using Xunit;

namespace HyperBdr.SystemTests;

/// <summary>What users and neighbours may get wrong, through the gateway.</summary>
[Collection(SuiteCollection.Name)]
public sealed class BadInput(RunningSuite suite)
{
    [Fact]
    public async Task Another_tenants_objects_do_not_exist()
    {
        using var one = await Company.CreateAsync(suite, "neighbour.one");
        using var two = await Company.CreateAsync(suite, "neighbour.two");
        var mine = one.Keys[Roles.TenantAdmin];
        var theirs = two.Keys[Roles.TenantAdmin];
        var pool = await mine.OkAsync(HttpMethod.Post, "/api/v1/storplus/pools", new { name = "mine", kind = "folder", folder = new { path = "one" } });
        var poolId = pool["pool"]!["id"]!.GetValue<string>();
        var taskId = pool["probe_task_id"]!.GetValue<string>();
        var token = await mine.OkAsync(HttpMethod.Post, "/api/v1/porter/enrolment-tokens", new { name = "mine", lifetime_s = 600 });
        var export = await mine.OkAsync(HttpMethod.Post, "/api/v1/report/exports", new { type = "audit", format = "csv" });
        var user = (await Company.AllAsync(mine, "/api/v1/identity/users"))[0]["id"]!.GetValue<string>();
        await Waiting.UntilAsync("the task is there", TimeSpan.FromSeconds(30), async () => (await mine.SendAsync(HttpMethod.Get, $"/api/v1/ant/tasks/{taskId}")).IsSuccessStatusCode);

        (HttpMethod Method, string Path)[] calls =
        [
            (HttpMethod.Get, $"/api/v1/storplus/pools/{poolId}"),
            (HttpMethod.Delete, $"/api/v1/storplus/pools/{poolId}"),
            (HttpMethod.Post, $"/api/v1/storplus/pools/{poolId}/probes"),
            (HttpMethod.Get, $"/api/v1/ant/tasks/{taskId}"),
            (HttpMethod.Post, $"/api/v1/ant/tasks/{taskId}/abort"),
            (HttpMethod.Post, $"/api/v1/porter/enrolment-tokens/{token["token"]!["id"]}/revoke"),
            (HttpMethod.Get, $"/api/v1/report/exports/{export["id"]}"),
            (HttpMethod.Get, $"/api/v1/report/exports/{export["id"]}/file"),
            (HttpMethod.Get, $"/api/v1/identity/users/{user}"),
            (HttpMethod.Post, $"/api/v1/identity/users/{user}/disable"),
        ];
        foreach (var (method, path) in calls)
        {
            using var answer = await theirs.SendAsync(method, path, method == HttpMethod.Post ? new { } : null);
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
        }

        (await Company.AllAsync(theirs, "/api/v1/storplus/pools")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_field_that_is_not_valid_is_named()
    {
        using var company = await Company.CreateAsync(suite, "fields");
        var client = company.Keys[Roles.TenantAdmin];
        (string Path, object Body, string Field)[] cases =
        [
            ("/api/v1/porter/enrolment-tokens", new { name = "x", lifetime_s = 5 }, "lifetime_s"),
            ("/api/v1/storplus/pools", new { name = "", kind = "folder", folder = new { path = "a" } }, "name"),
            ("/api/v1/report/exports", new { type = "audit", format = "pdf" }, "format"),
            ("/api/v1/identity/users", new { username = "fields.x", password = "short", role = "operator" }, "password"),
        ];
        foreach (var (path, body, field) in cases)
        {
            using var answer = await client.SendAsync(HttpMethod.Post, path, body);
            answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest, path);
            var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            problem["code"].ShouldNotBeNull(path);
            problem["trace_id"].ShouldNotBeNull(path);
            problem["errors"]!.AsObject().Select(e => e.Key).ShouldContain(field, $"{path}: {problem}");
        }
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413_and_one_that_is_no_json_is_400()
    {
        using var company = await Company.CreateAsync(suite, "sizes");
        var large = new { name = new string('x', 2 * 1024 * 1024), lifetime_s = 600 };
        using var refused = await company.Administrator.SendAsync(HttpMethod.Post, "/api/v1/porter/enrolment-tokens", large);
        refused.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        using var malformed = await company.Administrator.SendAsync(HttpMethod.Post, "/api/v1/porter/enrolment-tokens", "text");
        malformed.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode.Parse(await malformed.Content.ReadAsStringAsync())!["code"]!.GetValue<string>().ShouldBe("request.malformed");
    }
}
