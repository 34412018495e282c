using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Transforms.Builder;

namespace HyperBdr.Gateway.Routes;

internal static class RouteHosting
{
    public static void AddRoutes(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IProxyConfigProvider>(services => new InMemoryConfigProvider(RouteTable.Routes,
            Clusters.All(builder.Configuration, services.GetRequiredService<IOptions<GatewayOptions>>().Value.Limits)));
        builder.Services.AddSingleton<ITransformProvider, UpstreamHeaders>();
        builder.Services.AddSingleton<IProbingRequestFactory, HealthProbes>();
        builder.Services.AddReverseProxy().ConfigureHttpClient((_, handler) =>
        {
            // The services are near: one that does not take a connection in this time is down.
            handler.ConnectTimeout = TimeSpan.FromSeconds(2);
            handler.KeepAlivePingDelay = TimeSpan.FromSeconds(20);
            handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
        });
        // A service that is down would fill the log with stacks: FaultAnswers writes one line per call, the health check one per question.
        builder.Logging.AddFilter("Yarp.ReverseProxy.Forwarder", LogLevel.Error).AddFilter("Yarp.ReverseProxy.Health", LogLevel.Error)
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical);
        builder.Services.AddHealthChecks().AddCheck<IdentityCheck>("identity", tags: ["ready"]);
    }
}
