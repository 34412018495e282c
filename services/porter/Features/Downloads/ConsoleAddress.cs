using System.Globalization;

namespace HyperBdr.Porter.Features.Downloads;

/// <summary>Where the caller reached the console, <c>host:port</c>, as the gateway says.</summary>
internal static class ConsoleAddress
{
    public const string Header = "X-HyperBdr-Host";
    private const int StandardPort = 443;

    /// <summary>Null unless it is a plain name or address with a port: it goes into a script that runs as root.</summary>
    public static string? Of(HttpRequest request)
    {
        var host = HostString.FromUriComponent(request.Headers[Header].ToString() is { Length: > 0 and <= 260 } said ? said : request.Host.Value ?? "");
        if (Uri.CheckHostName(host.Host.Trim('[', ']')) is UriHostNameType.Unknown or UriHostNameType.Basic) return null;
        return string.Create(CultureInfo.InvariantCulture, $"{host.Host}:{host.Port ?? StandardPort}");
    }
}
