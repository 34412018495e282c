using System.Net;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace HyperBdr.Gateway.Routes;

/// <summary>Probes go to the services' HTTP/1 port, also for clusters whose calls are HTTP/2.</summary>
internal sealed class HealthProbes : IProbingRequestFactory
{
    public HttpRequestMessage CreateRequest(ClusterModel cluster, DestinationModel destination)
    {
        var address = destination.Config.Health ?? destination.Config.Address;
        return new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(address), cluster.Config.HealthCheck?.Active?.Path))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }
}
