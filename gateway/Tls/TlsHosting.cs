using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway.Tls;

/// <summary>The three ports and what a connection may cost.</summary>
internal static class TlsHosting
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    public static void AddTls(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ServerCertificates>();
        builder.Services.AddSingleton<ServerNamePolicy>();
        builder.Services.AddHostedService<CertificateWatch>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var configuration = builder.Configuration;
            Limit(kestrel.Limits, kestrel.ApplicationServices.GetRequiredService<IOptions<GatewayOptions>>().Value.Limits);
            kestrel.AddServerHeader = false;
            ListenPublic(kestrel, configuration.GetValue("CONSOLE_PORT", 10443), Surface.Console);
            ListenPublic(kestrel, configuration.GetValue("PORTAL_PORT", 30443), Surface.Portal);
            var health = configuration.GetValue("HTTP_PORT", 10080);
            // In a container, the container's network is the boundary and the prober stands outside.
            if (configuration.GetValue("DOTNET_RUNNING_IN_CONTAINER", false)) kestrel.ListenAnyIP(health, o => o.Protocols = HttpProtocols.Http1);
            else kestrel.Listen(System.Net.IPAddress.Loopback, health, o => o.Protocols = HttpProtocols.Http1);
        });
    }

    private static void ListenPublic(KestrelServerOptions kestrel, int port, Surface surface) => kestrel.ListenAnyIP(port, listen =>
    {
        var names = kestrel.ApplicationServices.GetRequiredService<ServerNamePolicy>();
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(next => connection =>
        {
            connection.Features.Set(surface);
            return next(connection);
        });
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTimeout,
            OnConnection = context => names.ChooseAsync(context, surface),
        });
    });

    private static void Limit(KestrelServerLimits limits, LimitOptions options)
    {
        limits.MaxRequestBodySize = options.BodyBytes;
        limits.MaxConcurrentConnections = options.Connections;
        limits.MaxConcurrentUpgradedConnections = options.Connections;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        limits.Http2.MaxStreamsPerConnection = 100;
        limits.Http2.InitialConnectionWindowSize = 1024 * 1024;
        limits.Http2.InitialStreamWindowSize = 512 * 1024;
        limits.Http2.MaxRequestHeaderFieldSize = 16 * 1024;
        // Finds dead agents and browsers behind long streams.
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }
}
