using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HyperBdr.LinuxAgent.Config;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HyperBdr.LinuxAgent.Control;

/// <summary>The control port: HTTP on loopback for the local command line, which proves by a key file of root's that it may ask.</summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private const int MaxBodyBytes = 4096;
    private readonly WebApplication app;

    private ControlServer(WebApplication app) => this.app = app;

    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ControlServer> StartAsync(AgentConfig config, string key, IAgentControl agent, CancellationToken ct)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, config));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = config.StopTimeout);
        var web = builder.Build();
        var expected = Encoding.UTF8.GetBytes("Bearer " + key);
        web.Run(http => AnswerAsync(http, expected, agent, config.WriteTimeout));
        await web.StartAsync(ct);
        return new ControlServer(web);
    }

    /// <summary>Lets calls end within StopTimeout.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static void Configure(KestrelServerOptions kestrel, AgentConfig config)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.RequestHeadersTimeout = config.ReadTimeout;
        kestrel.Limits.MaxRequestHeadersTotalSize = config.MaxHeaderBytes;
        // Of the headers, the first line counts apart.
        kestrel.Limits.MaxRequestLineSize = Math.Min(8192, config.MaxHeaderBytes);
        kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = 16;
        kestrel.Listen(config.ServerAddress, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (config.ServerCertFile is { } certificate) listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, config.ServerKeyFile));
        });
    }

    private static async Task AnswerAsync(HttpContext http, byte[] expected, IAgentControl agent, TimeSpan limit)
    {
        var given = Encoding.UTF8.GetBytes(http.Request.Headers.Authorization.ToString());
        if (!CryptographicOperations.FixedTimeEquals(given, expected))
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        patience.CancelAfter(limit);
        var json = ControlJson.Default;
        switch (http.Request.Method, http.Request.Path.Value)
        {
            case ("GET", "/v1/status"): await SendAsync(http, agent.Status(), json.StatusDocument, patience.Token); break;
            case ("GET", "/v1/devices"): await SendAsync(http, agent.Devices(), json.DevicesDocument, patience.Token); break;
            case ("GET", "/v1/cow"): await SendAsync(http, agent.CopyOnWrite(), json.CowsDocument, patience.Token); break;
            case ("GET", "/v1/read_rate"): await SendAsync(http, agent.ReadRate, json.ReadRateDocument, patience.Token); break;
            case ("PUT", "/v1/read_rate"): await SetReadRateAsync(http, agent, patience.Token); break;
            case ("POST", "/v1/clean"): await SendAsync(http, agent.Clean(), json.CleanDocument, patience.Token); break;
            default: http.Response.StatusCode = StatusCodes.Status404NotFound; break;
        }
    }

    private static async Task SetReadRateAsync(HttpContext http, IAgentControl agent, CancellationToken ct)
    {
        try
        {
            if (await JsonSerializer.DeserializeAsync(http.Request.Body, ControlJson.Default.ReadRateDocument, ct) is { MegabytesPerSecond: >= 0 } rate)
            {
                agent.ReadRate = rate;
                await SendAsync(http, agent.ReadRate, ControlJson.Default.ReadRateDocument, ct);
                return;
            }
        }
        catch (JsonException)
        {
            // Answered below.
        }

        http.Response.StatusCode = StatusCodes.Status400BadRequest;
    }

    private static async Task SendAsync<T>(HttpContext http, T document, JsonTypeInfo<T> type, CancellationToken ct)
    {
        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(document, type), ct);
    }
}
