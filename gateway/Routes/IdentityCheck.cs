using HyperBdr.Gateway.Tls;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace HyperBdr.Gateway.Routes;

/// <summary>Without certificates or without identity the gateway could only refuse: it is not ready.</summary>
internal sealed class IdentityCheck(IProxyStateLookup proxy, ServerCertificates certificates) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var identity = proxy.TryGetCluster("identity", out var cluster) && cluster.Destinations.Values.Any(d => d.Health.Active == DestinationHealth.Healthy);
        return Task.FromResult((certificates.IsLoaded, identity) switch
        {
            (false, _) => HealthCheckResult.Unhealthy("The certificates are not loaded."),
            (_, false) => HealthCheckResult.Unhealthy("identity does not answer."),
            _ => HealthCheckResult.Healthy(),
        });
    }
}
