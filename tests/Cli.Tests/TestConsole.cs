using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace HyperBdr.Cli.Tests;

/// <summary>A console as the gateway is one from outside: TLS of its own authority, and signatures that are computed anew from what arrived.</summary>
public sealed class TestConsole : IAsyncLifetime
{
    public const string AccessKey = "AK123";
    public const string SecretKey = "the-secret";
    private WebApplication app = null!;

    public string Folder { get; } = Directory.CreateTempSubdirectory("hyperbdr-cli-").FullName;

    public string AuthorityFile => Path.Combine(Folder, "ca.crt");

    public Uri Url { get; private set; } = null!;

    /// <summary>Answers in order for "METHOD path"; the last one stays.</summary>
    public ConcurrentDictionary<string, ConcurrentQueue<(int Status, string Body)>> Answers { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<(string Call, string Body)> Calls { get; } = new();

    public void Answer(string call, string body, int status = 200) => Answers.GetOrAdd(call, _ => new()).Enqueue((status, body));

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var certificate = Certificate();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, o => o.UseHttps(certificate)));
        app = builder.Build();
        app.Run(HandleAsync);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        Url = new Uri($"https://localhost:{new Uri(address).Port}");
    }

    /// <summary>Runs a command line as a shell would; its variables name this console.</summary>
    internal async Task<(int Exit, string Out, string Error)> RunAsync(string arguments, Dictionary<string, string>? variables = null)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = Folder, ["HYPERBDR_URL"] = Url.ToString(), ["HYPERBDR_ACCESS_KEY"] = AccessKey, ["HYPERBDR_SECRET_KEY"] = SecretKey, ["HYPERBDR_AUTHORITY"] = AuthorityFile,
        };
        foreach (var (name, value) in variables ?? []) all[name] = value;
        using var output = new StringWriter();
        using var error = new StringWriter();
        var io = new Io(output, error, IsTerminal: false, TimeProvider.System, name => all.GetValueOrDefault(name) is { Length: > 0 } value ? value : null);
        var exit = await CommandLine.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), io);
        return (exit, output.ToString(), error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task HandleAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        Calls.Enqueue(($"{http.Request.Method} {target}", body));
        var (status, text) = IsSigned(http.Request, target, body) ? Next($"{http.Request.Method} {target}") : (401, new JsonObject { ["code"] = "auth.required", ["title"] = "Sign in first." }.ToJsonString());
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(text);
    }

    private (int, string) Next(string call)
    {
        if (!Answers.TryGetValue(call, out var queue)) return (404, """{"code":"request.not_found","title":"There is nothing at this address."}""");
        return queue.Count > 1 && queue.TryDequeue(out var answer) ? answer : queue.TryPeek(out var last) ? last : (404, "{}");
    }

    /// <summary>As identity computes it.</summary>
    private static bool IsSigned(HttpRequest request, string target, string body)
    {
        var parts = target.Split('?', 2);
        var query = parts.Length == 1 ? "" : string.Join('&', parts[1].Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2))
            .OrderBy(p => p[0], StringComparer.Ordinal).ThenBy(p => p.Length > 1 ? p[1] : "", StringComparer.Ordinal).Select(p => string.Join('=', p)));
        var text = string.Join('\n', request.Method, parts[0], query, request.Headers["X-TS"], request.Headers["X-Nonce"], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body))));
        return request.Headers["X-AK"] == AccessKey && request.Headers["X-SIGN"] == Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(SecretKey), Encoding.UTF8.GetBytes(text)));
    }

    private X509Certificate2 Certificate()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=Test authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        File.WriteAllText(AuthorityFile, root.ExportCertificatePem());
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        server.CertificateExtensions.Add(names.Build());
        using var leaf = server.Create(root, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
        return leaf.CopyWithPrivateKey(key);
    }
}
