namespace HyperBdr.Engine.Nbd;

/// <summary>Where an NBD export is: <c>nbd://host:port/export</c>, <c>nbd+unix:///export?socket=path</c>, and with TLS <c>nbds://</c>, <c>nbds+unix://</c>
/// (doc/uri.md of the NetworkBlockDevice project). The port is 10809 unless told; names are percent-decoded.</summary>
/// <param name="Tls">Whether the connection must be under TLS.</param>
/// <param name="Host">The server, or null for a Unix socket.</param>
/// <param name="Port">1 to 65535; 0 for a Unix socket.</param>
/// <param name="SocketPath">The Unix socket, or null.</param>
/// <param name="Export">The export's name; may be empty.</param>
public sealed record NbdUri(bool Tls, string? Host, int Port, string? SocketPath, string Export)
{
    private const int DefaultPort = 10809;

    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public static NbdUri Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (scheme, rest) = Cut(text, "://");
        if (scheme is not ("nbd" or "nbds" or "nbd+unix" or "nbds+unix")) throw Invalid(text);
        var (place, query) = Cut(rest, "?");
        var (authority, name) = Cut(place, "/");
        var export = Uri.UnescapeDataString(name);
        var tls = scheme.StartsWith("nbds", StringComparison.Ordinal);
        if (!scheme.EndsWith("+unix", StringComparison.Ordinal))
        {
            var (host, port) = HostAndPort(authority, text);
            return new(tls, host, port, null, export);
        }

        var socket = query.Split('&').Where(p => p.StartsWith("socket=", StringComparison.Ordinal)).Select(p => Uri.UnescapeDataString(p[7..])).FirstOrDefault();
        return authority.Length == 0 && !string.IsNullOrEmpty(socket) ? new(tls, null, 0, socket, export) : throw Invalid(text);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var scheme = Tls ? "nbds" : "nbd";
        var name = Uri.EscapeDataString(Export);
        if (SocketPath is not null) return $"{scheme}+unix:///{name}?socket={SocketPath}";
        return Host!.Contains(':', StringComparison.Ordinal) ? $"{scheme}://[{Host}]:{Port}/{name}" : $"{scheme}://{Host}:{Port}/{name}";
    }

    private static (string Host, int Port) HostAndPort(string authority, string text)
    {
        var colon = authority.LastIndexOf(':');
        if (colon < authority.LastIndexOf(']')) colon = -1;
        var host = (colon < 0 ? authority : authority[..colon]).Trim('[', ']');
        var port = DefaultPort;
        if (colon >= 0 && !int.TryParse(authority.AsSpan(colon + 1), out port)) throw Invalid(text);
        return host.Length > 0 && port is > 0 and < 65536 ? (host, port) : throw Invalid(text);
    }

    private static (string Before, string After) Cut(string text, string at)
    {
        var index = text.IndexOf(at, StringComparison.Ordinal);
        return index < 0 ? (text, "") : (text[..index], text[(index + at.Length)..]);
    }

    private static EngineException Invalid(string text) =>
        new(Fault.InvalidArgument, text, "need nbd://host:port/export or nbd+unix:///export?socket=path");
}
