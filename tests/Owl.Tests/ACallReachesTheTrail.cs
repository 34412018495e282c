using System.Net;
using System.Net.Http.Json;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Owl.Persistence;
using HyperBdr.Porter.Persistence;
using Shouldly;
using Xunit;

namespace HyperBdr.Owl.Tests;

/// <summary>From another service's transaction over its outbox and the real broker into the chain.</summary>
public sealed class ACallReachesTheTrail(OwlWorld world)
{
    [Fact]
    public async Task Each_mutating_call_of_porter_is_one_entry_and_each_event_another()
    {
        var ct = TestContext.Current.CancellationToken;
        var tenant = Guid.CreateVersion7();
        await using var porter = await RunningService<PorterDb>.StartAsync("porter", world.Home, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:porterdb"] = await world.Servers.NewDatabaseAsync("porter", ct),
            ["ConnectionStrings:rabbitmq"] = world.Broker,
        }, null, ct);
        using var admin = porter.As(RunningService<PorterDb>.Person(Roles.TenantAdmin, tenant));
        using var reader = porter.As(RunningService<PorterDb>.Person(Roles.ReadOnly, tenant, "eve"));
        using var auditor = world.Owl.As(RunningService<OwlDb>.Person(Roles.Auditor, tenant));

        using var created = await admin.PostAsJsonAsync("/api/v1/porter/enrolment-tokens", new { name = "rack 4", lifetime_s = 600 }, ct);
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        var id = (await OwlWorld.ReadAsync(Task.FromResult(created), ct)).GetProperty("token").GetProperty("id").GetString()!;
        (await admin.PostAsync(new Uri($"/api/v1/porter/enrolment-tokens/{id}/revoke", UriKind.Relative), null, ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await admin.PostAsJsonAsync("/api/v1/porter/enrolment-tokens", new { name = "", lifetime_s = 1 }, ct)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await reader.PostAsJsonAsync("/api/v1/porter/enrolment-tokens", new { name = "x", lifetime_s = 600 }, ct)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await admin.GetAsync(new Uri("/api/v1/porter/enrolment-tokens", UriKind.Relative), ct)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var trail = await Eventually.IsAsync(c => OwlWorld.GetAsync(auditor, "/api/v1/owl/audit?page_size=50", c), t => t.GetProperty("total").GetInt32() >= 6, ct);

        var rows = trail.GetProperty("items").EnumerateArray().ToList();
        rows.Select(r => $"{r.GetProperty("kind").GetString()} {r.GetProperty("action").GetString()} {(r.TryGetProperty("outcome", out var o) ? o.GetString() : "")}".Trim()).ShouldBe(
        [
            "call porter.enrolment_tokens.create accepted",
            "event enrolment_token_created",
            "call porter.enrolment_tokens.revoke accepted",
            "event enrolment_token_revoked",
            "call porter.enrolment_tokens.create refused",
            "call porter.enrolment_tokens.create denied",
        ], ignoreOrder: true);
        var revoke = rows.Single(r => r.GetProperty("action").GetString() == "porter.enrolment_tokens.revoke");
        revoke.GetProperty("resource_id").GetString().ShouldBe(id);
        revoke.GetProperty("resource_name").GetString().ShouldBe("rack 4");
        revoke.GetProperty("actor_name").GetString().ShouldBe("ada");
        revoke.GetProperty("source_ip").GetString().ShouldBe("192.0.2.7");
        rows.Single(r => r.TryGetProperty("outcome", out var o) && o.GetString() == "refused").GetProperty("detail").GetProperty("code").GetString().ShouldBe("request.validation");

        var verdict = await OwlWorld.ReadAsync(auditor.PostAsync(new Uri("/api/v1/owl/audit/verify", UriKind.Relative), null, ct), ct);
        verdict.GetProperty("intact").GetBoolean().ShouldBeTrue(verdict.ToString());
        verdict.GetProperty("entries").GetInt64().ShouldBe(6);
    }
}
