using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace HyperBdr.ServiceDefaults.Hosting;

/// <summary>What every service of the suite has, so that a service's own start-up is a few lines.</summary>
public static class ServiceHosting
{
    private const long LargestBody = 1024 * 1024;

    /// <summary>Telemetry, health, internal tokens, service discovery, resilience, ports, JSON and OpenAPI.</summary>
    /// <param name="name">The service's name: discovery, queue, token audience, logs.</param>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder, string name)
    {
        builder.Environment.ApplicationName = name;
        builder.AddProcessDefaults();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            Listen(kestrel, builder.Configuration, "HTTP_PORT", HttpProtocols.Http1);
            Listen(kestrel, builder.Configuration, "GRPC_PORT", HttpProtocols.Http2);
        });
        builder.Services.AddAccess(name);
        builder.Services.ConfigureHttpJsonOptions(o => Json.Configure(o.SerializerOptions));
        builder.Services.AddOpenApi(OpenApi.Configure);
        builder.Services.AddGrpc(o => o.Interceptors.Add<GrpcFaults>());
        return builder;
    }

    /// <summary>The part that the gateway shares, which takes no internal tokens and has its own ports.</summary>
    public static WebApplicationBuilder AddProcessDefaults(this WebApplicationBuilder builder)
    {
        builder.AddTelemetry();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<SecretFiles>();
        builder.Services.AddSingleton<InternalTokens>();
        builder.Services.AddSingleton<Envelope>();
        builder.Services.AddScoped<CallContext>();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), ["live"]);
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddServiceDiscovery();
            http.AddStandardResilienceHandler();
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(10));
        return builder;
    }

    /// <summary>Faults, authentication, audit of mutating calls, authorization, health, metrics and the OpenAPI document.</summary>
    public static WebApplication UseServiceDefaults(this WebApplication app)
    {
        app.UseRouting();
        app.UseMiddleware<RoutingRefusals>();
        app.UseAuthentication();
        app.UseMiddleware<CallRecording>();
        app.UseMiddleware<FaultMapping>();
        app.UseAuthorization();
        app.MapProcessEndpoints();
        app.MapOpenApi().AllowAnonymous();
        return app;
    }

    /// <summary><c>/healthz/live</c>, <c>/healthz/ready</c> and <c>/metrics</c>.</summary>
    public static void MapProcessEndpoints(this WebApplication app)
    {
        app.MapHealthChecks("/healthz/live", new HealthCheckOptions { Predicate = c => c.Tags.Contains("live") }).AllowAnonymous();
        app.MapHealthChecks("/healthz/ready", new HealthCheckOptions { Predicate = c => c.Tags.Contains("ready") || c.Tags.Contains("live") }).AllowAnonymous();
        app.MapPrometheusScrapingEndpoint("/metrics").AllowAnonymous();
    }

    private static void Listen(KestrelServerOptions kestrel, IConfiguration configuration, string variable, HttpProtocols protocols)
    {
        if (configuration.GetValue<int?>(variable) is not { } port) return;
        // Only the gateway is reachable from outside; in a container, the container's network is the boundary.
        if (configuration.GetValue("DOTNET_RUNNING_IN_CONTAINER", false)) kestrel.ListenAnyIP(port, o => o.Protocols = protocols);
        else kestrel.Listen(System.Net.IPAddress.Loopback, port, o => o.Protocols = protocols);
    }
}
