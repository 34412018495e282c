using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures.Suite;
using Shouldly;
using Xunit;

namespace HyperBdr.SystemTests;

/// <summary>Every operation of every service's OpenAPI document × every role, anonymous included, over the gateway.</summary>
[Collection(SuiteCollection.Name)]
public sealed partial class AccessMatrix(RunningSuite suite)
{
    private static readonly (string Service, int Port)[] Services = [("identity", 18900), ("porter", 18766), ("storplus", 18765), ("ant", 10082), ("owl", 16700), ("report", 18790)];

    private sealed record Operation(HttpMethod Method, string Path, string Needs);

    [Fact]
    public async Task Every_operation_answers_each_role_by_the_matrix()
    {
        using var company = await Company.CreateAsync(suite, "matrix");
        var platform = await suite.Administrator.AccessKeyAsync(suite);
        var callers = company.Keys.Append(new(Roles.PlatformAdmin, platform)).ToList();
        var operations = await OperationsAsync();
        operations.Count.ShouldBeGreaterThan(30);
        var wrong = new List<string>();
        var asked = 0;

        foreach (var operation in operations.Where(o => Permissions.All.Contains(o.Needs, StringComparer.Ordinal)))
        {
            foreach (var (role, client) in callers)
            {
                asked++;
                using var answer = await client.SendAsync(operation.Method, operation.Path, operation.Method == HttpMethod.Get ? null : new { });
                var refused = answer.StatusCode == HttpStatusCode.Forbidden;
                if (refused == Permissions.Allows(role, operation.Needs) || answer.StatusCode is HttpStatusCode.Unauthorized or >= HttpStatusCode.InternalServerError and not HttpStatusCode.ServiceUnavailable)
                    wrong.Add($"{role} {operation.Method} {operation.Path} ({operation.Needs}): {(int)answer.StatusCode}");
            }
        }

        wrong.ShouldBeEmpty();
        asked.ShouldBeGreaterThan(150);
    }

    [Fact]
    public async Task No_operation_answers_a_stranger_but_the_sign_in()
    {
        using var stranger = suite.Client(suite.Console, cookies: null);
        var wrong = new List<string>();
        foreach (var operation in (await OperationsAsync()).Where(o => o.Needs is not "anybody"))
        {
            using var request = new HttpRequestMessage(operation.Method, operation.Path);
            if (operation.Method != HttpMethod.Get) request.Content = new StringContent("{}", new global::System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
            using var answer = await stranger.SendAsync(request);
            if (answer.StatusCode is not HttpStatusCode.Unauthorized) wrong.Add($"{operation.Method} {operation.Path}: {(int)answer.StatusCode}");
        }

        wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_service_itself_refuses_whoever_does_not_come_through_the_gateway()
    {
        using var http = new HttpClient();
        foreach (var (service, port) in Services)
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{suite.PortOf(port)}/api/v1/{service}/{FirstList(service)}"));
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, service);
        }
    }

    private static string FirstList(string service) => service switch
    {
        "identity" => "users",
        "porter" => "enrolment-tokens",
        "storplus" => "pools",
        "ant" => "tasks",
        "owl" => "audit",
        _ => "exports",
    };

    private async Task<List<Operation>> OperationsAsync()
    {
        using var http = new HttpClient();
        var operations = new List<Operation>();
        foreach (var (_, port) in Services)
        {
            var document = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{suite.PortOf(port)}/openapi/v1.json")))!;
            foreach (var (path, item) in document["paths"]!.AsObject())
            {
                foreach (var (verb, operation) in item!.AsObject().Where(o => o.Key is "get" or "post" or "put" or "patch" or "delete"))
                {
                    var needs = NeedsPattern().Match(operation!["description"]?.GetValue<string>() ?? "");
                    needs.Success.ShouldBeTrue($"{verb} {path} does not say what it needs");
                    operations.Add(new(HttpMethod.Parse(verb), ParameterPattern().Replace(path, Guid.CreateVersion7().ToString()), needs.Groups["needs"].Value));
                }
            }
        }

        return operations;
    }

    [GeneratedRegex("Needs: `(?<needs>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NeedsPattern();

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, 1000)]
    private static partial Regex ParameterPattern();
}
