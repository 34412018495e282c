using System.Globalization;
using System.Net;

namespace HyperBdr.Agents.Link;

/// <summary>Where the console is reached: a host name or address and a port.</summary>
public sealed record ConsoleAddress(string Host, int Port)
{
    public const int DefaultPort = 10443;

    /// <summary>Reads <c>host:port</c>, <c>host</c> (port 10443), <c>[v6]:port</c>.</summary>
    public static bool TryParse(string text, out ConsoleAddress address)
    {
        address = new ConsoleAddress("", 0);
        var end = text.LastIndexOf(':');
        var bracket = text.LastIndexOf(']');
        var (host, port) = end > bracket && text.IndexOf(':', StringComparison.Ordinal) is var first && (first == end || bracket > 0) ? (text[..end], text[(end + 1)..]) : (text, "10443");
        host = host.TrimStart('[').TrimEnd(']');
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown || !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535) return false;
        address = new ConsoleAddress(host, number);
        return true;
    }

    public static ConsoleAddress Parse(string text) => TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not host:port.");

    public override string ToString() => IPAddress.TryParse(Host, out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
