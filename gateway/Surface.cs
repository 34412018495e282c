namespace HyperBdr.Gateway;

/// <summary>Which of the two public ports a connection came in by; set on the connection, so no header can pretend it.</summary>
/// <param name="Name"><c>console</c> or <c>portal</c>.</param>
/// <param name="EntryPage">The page that the port serves for every address of its own.</param>
public sealed record Surface(string Name, string EntryPage)
{
    public static readonly Surface Console = new("console", "index.html");
    public static readonly Surface Portal = new("portal", "portal.html");

    /// <summary>Browsers accept a <c>__Host-</c> cookie only over TLS, for this host alone and with path <c>/</c>.</summary>
    public string SessionCookie => $"__Host-hyperbdr-{Name}";

    public string CsrfCookie => $"hyperbdr-csrf-{Name}";

    /// <summary>The surface of the call's connection; null on the loopback port of health and metrics.</summary>
    public static Surface? Of(HttpContext http) => http.Features.Get<Surface>();
}
