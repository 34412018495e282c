using System.Net;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace HyperBdr.Gateway.Routes;

/// <summary>Where the services are (service discovery's <c>services__name__http__0</c>, all replicas) and how they are asked and watched.</summary>
internal static class Clusters
{
    private static readonly TimeSpan HealthInterval = TimeSpan.FromSeconds(2);

    /// <summary>A stream may be silent for long: dead peers are found by HTTP/2 pings.</summary>
    private static readonly TimeSpan StreamSilence = TimeSpan.FromHours(24);

    /// <summary>SignalR pings every 15 s, sync gateways every 30 s.</summary>
    private static readonly TimeSpan SocketSilence = TimeSpan.FromMinutes(2);

    public static string Grpc(string service) => $"{service}-grpc";

    public static string Live(string service) => $"{service}-live";

    /// <summary>The service behind a cluster: the audience of its tokens.</summary>
    public static string ServiceOf(string cluster) => cluster.Split('-')[0];

    public static IEnumerable<string> AddressesOf(IConfiguration configuration, string service, string endpoint) =>
        configuration.GetSection($"services:{service}:{endpoint}").GetChildren().Select(a => a.Value).OfType<string>();

    public static IReadOnlyList<ClusterConfig> All(IConfiguration configuration, LimitOptions limits) =>
    [
        .. RouteTable.Services.Select(s => Cluster(configuration, s, s, HttpVersion.Version11, TimeSpan.FromSeconds(limits.SilentSeconds))),
        .. RouteTable.Services.Where(s => s is not "identity").Select(s => Cluster(configuration, s, Grpc(s), HttpVersion.Version20, StreamSilence)),
        Cluster(configuration, "owl", Live("owl"), HttpVersion.Version11, SocketSilence),
        Cluster(configuration, "porter", Live("porter"), HttpVersion.Version11, SocketSilence),
    ];

    private static ClusterConfig Cluster(IConfiguration configuration, string service, string id, Version version, TimeSpan silence)
    {
        var health = AddressesOf(configuration, service, "http").ToList();
        var addresses = version == HttpVersion.Version20 ? AddressesOf(configuration, service, "grpc") : health;
        return new ClusterConfig
        {
            ClusterId = id,
            Destinations = addresses.Select((address, i) => (Key: i.ToString(System.Globalization.CultureInfo.InvariantCulture), Value: new DestinationConfig { Address = address, Health = health.ElementAtOrDefault(i) }))
                .ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal),
            HttpRequest = new ForwarderRequestConfig { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact, ActivityTimeout = silence },
            HealthCheck = new HealthCheckConfig
            {
                Active = new ActiveHealthCheckConfig { Enabled = true, Interval = HealthInterval, Timeout = HealthInterval, Path = "/healthz/ready" },
                Passive = new PassiveHealthCheckConfig { Enabled = true, ReactivationPeriod = HealthInterval },
                // A whole cluster that fails its checks is not asked in the hope that it answers.
                AvailableDestinationsPolicy = "HealthyAndUnknown",
            },
        };
    }
}
