using System.Net;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HyperBdr.S3Block;

/// <summary>One running endpoint.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly DataFolder data;

    private Server(WebApplication app, DataFolder data) => (this.app, this.data) = (app, data);

    /// <summary>Settles the data folder, then listens.</summary>
    /// <exception cref="OptionException"/>
    /// <exception cref="IOException"/>
    public static async Task<Server> StartAsync(S3BlockOptions options, TimeProvider time, Action<string> say, CancellationToken ct)
    {
        var folder = DataFolder.Open(options.DataFolder, options.IndexFile, time, say);
        try
        {
            var built = Build(options, folder, time);
            await built.StartAsync(ct);
            return new Server(built, folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The port of the S3 calls.</summary>
    public int Port => PortOf(0);

    public int MonitorPort => PortOf(1);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        data.Dispose();
    }

    private static WebApplication Build(S3BlockOptions options, DataFolder data, TimeProvider time)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffzzz ";
        }).SetMinimumLevel((LogLevel)(options.LogLevel + 1)).AddFilter("Microsoft", LogLevel.Warning);
        builder.WebHost.UseKestrelCore();
        if (options.Certificate is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        // After the server's own, which it stands in for.
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, WideBlocks>();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options, time));
        var built = builder.Build();
        var counters = new Counters(data);
        var log = built.Services.GetService(typeof(ILogger<S3Edge>)) as ILogger<S3Edge> ?? throw new InvalidOperationException("no logging");
        var endpoint = new S3Edge(new Router(data, options), new SigV4(new KeyRegistry(options.KeyFolder, options.Key, options.InstallKey), time), counters, options, time, log);
        built.Run(http => http.Features.Get<MonitorFeature>() is null ? endpoint.HandleAsync(http) : MonitorAsync(http, counters));
        return built;
    }

    private static void Configure(KestrelServerOptions kestrel, S3BlockOptions options, TimeProvider time)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MaxRequestHeadersTotalSize = 64 << 10;
        kestrel.Limits.MaxRequestLineSize = 16 << 10;
        kestrel.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.UTF8;
        kestrel.Listen(options.Listen, listen =>
        {
            // One request at a time per connection, as all S3 clients do; it is also the cheaper protocol for large bodies.
            listen.Protocols = HttpProtocols.Http1;
            if (options.Certificate is not { } certificate) return;
            var certificates = new Certificates(certificate, options.CertificateKey!, time);
            certificates.Current();
            listen.UseHttps(https => https.ServerCertificateSelector = (_, _) => certificates.Current());
        });
        kestrel.Listen(options.Monitor, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection =>
            {
                connection.Features.Set(new MonitorFeature());
                return next(connection);
            });
        });
    }

    private static Task MonitorAsync(HttpContext http, Counters counters)
    {
        switch (http.Request.Path.Value)
        {
            case "/healthz":
                return http.Response.WriteAsync("ok\n");
            case "/metrics":
                http.Response.ContentType = "text/plain; version=0.0.4";
                return http.Response.WriteAsync(counters.Text());
            default:
                http.Response.StatusCode = (int)HttpStatusCode.NotFound;
                return Task.CompletedTask;
        }
    }

    private int PortOf(int index) => new Uri(app.Urls.ElementAt(index)).Port;

    /// <summary>Marks connections of the monitoring port.</summary>
    private sealed class MonitorFeature;
}
