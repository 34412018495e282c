using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures.Suite;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.Extensions.Configuration;

namespace HyperBdr.Bench;

/// <summary>One tenant administrator, by the gateway and, with the gateway's own kind of token, straight to a service.</summary>
internal static class Company
{
    private const string Password = "Start-1nitial-Pass";

    public static Person Administrator { get; private set; } = null!;

    public static Guid TenantId { get; private set; }

    public static async Task CreateAsync(RunningSuite suite)
    {
        await suite.Administrator.OkAsync(HttpMethod.Post, "/api/v1/identity/tenants", new { name = "bench", scene = "all", admin = new { username = "bench.admin", password = Password } });
        Administrator = await Person.FirstSignInAsync(suite, "console", "bench.admin", Password);
        TenantId = Guid.Parse((await Administrator.OkAsync(HttpMethod.Get, "/api/v1/identity/session"))["user"]!["tenant_id"]!.GetValue<string>());
    }

    public static HttpClient Direct(RunningSuite suite, string service, int port)
    {
        var tokens = new InternalTokens(new SecretFiles(new ConfigurationBuilder().AddInMemoryCollection([new("HYPERBDR_HOME", suite.Home)]).Build()), TimeProvider.System);
        return new HttpClient(new FreshToken(() => tokens.Mint("gateway", service, new Caller(Guid.CreateVersion7(), "bench.admin", TenantId, Roles.TenantAdmin, "session"))))
        {
            BaseAddress = new Uri($"http://127.0.0.1:{suite.PortOf(port)}"),
        };
    }

    private sealed class FreshToken(Func<string> mint) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = new("Bearer", mint());
            return base.SendAsync(request, cancellationToken);
        }
    }
}
