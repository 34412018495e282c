using System.Net;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Owl.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Shouldly;
using Xunit;

namespace HyperBdr.Owl.Tests;

public sealed class WhoMayDoWhat(OwlWorld world)
{
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Endpoints => new()
    {
        { "GET", "/api/v1/owl/audit", Permissions.AuditRead },
        { "GET", "/api/v1/owl/audit/0190a000-0000-7000-8000-000000000000", Permissions.AuditRead },
        { "POST", "/api/v1/owl/audit/verify", Permissions.AuditRead },
        { "GET", "/api/v1/owl/suite/services", Permissions.SuiteRead },
        { "GET", "/api/v1/owl/suite/services/ant/logs", Permissions.SuiteRead },
        { "POST", "/api/v1/owl/suite/services/ant/restart", Permissions.SuiteManage },
        { "GET", "/api/v1/owl/dead-letters", Permissions.SuiteRead },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Each_role_gets_what_the_matrix_says(string method, string path, string permission)
    {
        foreach (var role in Roles.All)
        {
            var status = await CallAsync(method, path, RunningService<OwlDb>.Person(role));
            if (Permissions.Allows(role, permission)) status.ShouldNotBeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden);
            else status.ShouldBe(HttpStatusCode.Forbidden, role);
        }

        (await CallAsync(method, path, null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await CallAsync(method, path, RunningService<OwlDb>.Person(Roles.PlatformAdmin) with { Pending = "totp" })).ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Without_a_control_socket_the_suite_view_says_so()
    {
        using var admin = world.Owl.As(RunningService<OwlDb>.Person(Roles.PlatformAdmin));

        using var answer = await admin.GetAsync(new Uri("/api/v1/owl/suite/services", UriKind.Relative), ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await OwlWorld.ReadAsync(Task.FromResult(answer), ct)).GetProperty("code").GetString().ShouldBe("owl.suite.no_control");
    }

    [Fact]
    public async Task Dead_letters_are_counted_per_service()
    {
        using var admin = world.Owl.As(RunningService<OwlDb>.Person(Roles.PlatformAdmin));

        var rows = (await OwlWorld.GetAsync(admin, "/api/v1/owl/dead-letters", ct)).GetProperty("items").EnumerateArray().ToList();

        rows.Select(r => (r.GetProperty("queue").GetString(), r.GetProperty("count").GetInt64())).ShouldContain(("owl", 0L));
    }

    private async Task<HttpStatusCode> CallAsync(string method, string path, Caller? caller)
    {
        using var client = world.Owl.As(caller);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await client.SendAsync(request, ct);
        return answer.StatusCode;
    }
}
