using System.Net;
using System.Net.Sockets;

namespace HyperBdr.Storplus.Outbound;

/// <summary>Which addresses and ports a user's endpoint may lead to.</summary>
/// <remarks>
/// Public unicast addresses always; private, loopback, link-local and other special ones only when setting <c>Outbound:Allowed</c>
/// (a list of CIDR blocks, kept by the operator of the installation) holds them. Ports: <c>Outbound:Ports</c>.
/// </remarks>
internal sealed class AddressRules
{
    private static readonly int[] UsualPorts = [80, 443, 7480, 8080, 8443, 9000, 9021];

    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            // IPv6: outside of global unicast (2000::/3) everything is special; inside it these are.
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private readonly IPNetwork[] allowed;
    private readonly int[] ports;

    public AddressRules(IConfiguration configuration)
    {
        allowed = [.. (configuration.GetSection("Outbound:Allowed").Get<string[]>() ?? []).Select(Parse)];
        ports = configuration.GetSection("Outbound:Ports").Get<int[]>() is { Length: > 0 } named ? named : UsualPorts;
    }

    public bool AllowsPort(int port) => Array.IndexOf(ports, port) >= 0;

    public bool Allows(IPAddress address)
    {
        var plain = Plain(address);
        return Array.Exists(allowed, n => n.Contains(plain)) || !IsSpecial(plain);
    }

    private static bool IsSpecial(IPAddress address) =>
        Array.Exists(Special, n => n.Contains(address)) || (address.AddressFamily == AddressFamily.InterNetworkV6 && !GlobalUnicast.Contains(address));

    /// <summary>The IPv4 address that an IPv6 form leads to, so that no notation passes a check that another fails.</summary>
    private static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 && Nat64.Contains(address) ? new IPAddress(address.GetAddressBytes()[12..]) : address;
    }

    private static IPNetwork Parse(string text) =>
        IPNetwork.TryParse(text, out var network) ? network : throw new InvalidOperationException($"Outbound:Allowed: {text} is not an address block such as 10.20.0.0/16.");
}
