using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Shouldly;

namespace HyperBdr.Gateway.Tests;

/// <summary>The real gateway on real TLS sockets, with upstreams of the test behind it.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    public const string AgentName = "agents.hyperbdr.internal";
    private readonly WebApplication app;
    private readonly List<IDisposable> owned = [];

    private GatewayUnderTest(WebApplication app, string home)
    {
        this.app = app;
        Home = home;
        var ports = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a.Replace("[::]", "localhost", StringComparison.Ordinal)).Port).ToList();
        (ConsolePort, PortalPort, HealthPort) = (ports[0], ports[1], ports[2]);
        Authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(home, "certs", "ca.crt"));
        owned.Add(Authority);
    }

    public string Home { get; }

    public int ConsolePort { get; }

    public int PortalPort { get; }

    public int HealthPort { get; }

    public X509Certificate2 Authority { get; }

    public IServiceProvider Services => app.Services;

    public static string NewHome() => Directory.CreateTempSubdirectory("gateway-").FullName;

    /// <summary>Limits are wide unless the test narrows them: all tests come from one address.</summary>
    public static string[] Arguments(string home, TestServices? identity, TestServices? others, params string[] more)
    {
        List<string> args = [$"--HYPERBDR_HOME={home}", "--CONSOLE_PORT=0", "--PORTAL_PORT=0", "--HTTP_PORT=0"];
        foreach (var limit in new[] { "Calls", "Anonymous", "SignIn", "Files", "Enrol" }) args.AddRange([$"--Gateway:Limits:{limit}PerSecond=10000", $"--Gateway:Limits:{limit}Burst=10000"]);
        if (identity is not null) args.AddRange([$"--services:identity:http:0=http://127.0.0.1:{identity.HttpPort}", $"--services:identity:grpc:0=http://127.0.0.1:{identity.GrpcPort}"]);
        if (others is null) return [.. args, .. more];
        foreach (var service in new[] { "porter", "storplus", "ant", "owl", "report" })
            args.AddRange([$"--services:{service}:http:0=http://127.0.0.1:{others.HttpPort}", $"--services:{service}:grpc:0=http://127.0.0.1:{others.GrpcPort}"]);
        return [.. args, .. more];
    }

    public static async Task<GatewayUnderTest> StartAsync(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var home = args.First(a => a.StartsWith("--HYPERBDR_HOME=", StringComparison.Ordinal))["--HYPERBDR_HOME=".Length..];
        var gateway = GatewayHost.Build(args, builder =>
        {
            builder.Logging.ClearProviders();
            adjust?.Invoke(builder);
        });
        await gateway.StartAsync();
        return new GatewayUnderTest(gateway, home);
    }

    /// <summary>A client that trusts only the gateway's authority and keeps no cookies of its own.</summary>
    public HttpClient Client(Surface? surface = null, string name = "localhost", X509Certificate2? certificate = null, Version? version = null)
    {
        var handler = Handler(certificate);
        var port = surface == Surface.Portal ? PortalPort : ConsolePort;
        var client = new HttpClient(handler)
        {
            BaseAddress = new Uri($"https://{name}:{port}"),
            DefaultRequestVersion = version ?? HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(60),
        };
        owned.Add(client);
        return client;
    }

    public GrpcChannel Channel(string name = "localhost", X509Certificate2? certificate = null)
    {
        var channel = GrpcChannel.ForAddress($"https://{name}:{ConsolePort}", new GrpcChannelOptions { HttpHandler = Handler(certificate), DisposeHttpClient = true });
        owned.Add(channel);
        return channel;
    }

    public SocketsHttpHandler Handler(X509Certificate2? certificate = null) => new()
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectCallback = async (context, ct) =>
        {
            // Every name is this machine.
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, ct);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = certificate is null ? null : [certificate],
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            CertificateChainPolicy = Trust(),
        },
    };

    public X509ChainPolicy Trust() => new() { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { Authority }, RevocationMode = X509RevocationMode.NoCheck };

    /// <summary>Sends the bytes as they are and reads the whole answer.</summary>
    public async Task<string> RawAsync(string request, string name = "localhost", X509Certificate2? certificate = null)
    {
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, ConsolePort);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = name,
            CertificateChainPolicy = Trust(),
            ClientCertificates = certificate is null ? null : [certificate],
        });
        await tls.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(tls);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Until the health check knows that the upstreams are there.</summary>
    public async Task ReadyAsync(HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var http = new HttpClient();
        await EventuallyAsync(async () => (await http.GetAsync(new Uri($"http://127.0.0.1:{HealthPort}/healthz/ready"))).StatusCode == expected, $"ready answers {expected}");
    }

    public static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            limit.IsCancellationRequested.ShouldBeFalse($"waited too long until {what}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        owned.ForEach(o => o.Dispose());
        await app.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }
}

internal static class Calls
{
    public static HttpRequestMessage To(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    public static async Task<HttpResponseMessage> AskAsync(this HttpClient client, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = To(method, path, headers);
        request.Version = client.DefaultRequestVersion;
        request.VersionPolicy = client.DefaultVersionPolicy;
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static Task<HttpResponseMessage> GetAsync(this HttpClient client, string path, params (string Name, string Value)[] headers) => client.AskAsync(HttpMethod.Get, path, headers);

    public static async Task<Seen> SeenAsync(this HttpResponseMessage response)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (await response.Content.ReadFromJsonAsync<Seen>(TestContext.Current.CancellationToken))!;
    }

    /// <summary>The stable code of a refusal.</summary>
    public static async Task<string> CodeAsync(this HttpResponseMessage response)
    {
        response.Content.Headers.ContentType.ShouldNotBeNull().MediaType.ShouldBe("application/problem+json");
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text.ShouldNotBeEmpty($"{response.RequestMessage}");
        using var body = System.Text.Json.JsonDocument.Parse(text);
        body.RootElement.GetProperty("trace_id").GetString().ShouldBe(response.Headers.GetValues("X-Request-Id").Single());
        return body.RootElement.GetProperty("code").GetString()!;
    }
}
