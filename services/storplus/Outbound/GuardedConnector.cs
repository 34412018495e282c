using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using HyperBdr.Storplus.Stores;

namespace HyperBdr.Storplus.Outbound;

/// <summary>Opens connections for an endpoint that a user named: each name is resolved once, every address checked, and the checked address called.</summary>
/// <remarks>So a name that changes its address between check and call leads nowhere. Redirects and proxies are off.</remarks>
/// <param name="rules">Which addresses may be called.</param>
/// <param name="gateway">Not null for a sync gateway of the tenant: its address comes from the machine's own registration, may be internal, and is trusted by certificate alone.</param>
internal sealed class GuardedConnector(AddressRules rules, GatewayTrust? gateway = null)
{
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(3);
    private readonly ConcurrentDictionary<string, IPAddress[]> resolved = new(StringComparer.OrdinalIgnoreCase);

    public HttpMessageHandler NewHandler() => new WithoutRedirects(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = ConnectWithin,
        MaxResponseHeadersLength = 64,
        SslOptions = gateway is null ? new System.Net.Security.SslClientAuthenticationOptions() : gateway.Options(),
        ConnectCallback = async (context, ct) => await ConnectAsync(context.DnsEndPoint, ct),
    });

    private async Task<Stream> ConnectAsync(DnsEndPoint target, CancellationToken ct)
    {
        if (gateway is null && !rules.AllowsPort(target.Port)) throw Refused(target, $"port {target.Port} is not in the list of allowed ports");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(await AddressesAsync(target, ct), target.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IPAddress[]> AddressesAsync(DnsEndPoint target, CancellationToken ct)
    {
        if (resolved.TryGetValue(target.Host, out var known)) return known;
        var addresses = await ResolveAsync(target, ct);
        // One forbidden address refuses the name: half of a trap is a trap.
        if (gateway is null && Array.Find(addresses, a => !rules.Allows(a)) is { } forbidden) throw Refused(target, $"it leads to {forbidden}, an internal or reserved address");
        return resolved.GetOrAdd(target.Host, addresses);
    }

    private static async Task<IPAddress[]> ResolveAsync(DnsEndPoint target, CancellationToken ct)
    {
        if (IPAddress.TryParse(target.Host.Trim('[', ']'), out var literal)) return [literal];
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(target.Host, ct);
            if (addresses.Length > 0) return addresses;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery)
        {
            throw new StoreException(StoreFault.NameNotResolved, "resolve", target.Host, "the name has no address", e);
        }

        throw new StoreException(StoreFault.NameNotResolved, "resolve", target.Host, "the name has no address");
    }

    private static StoreException Refused(DnsEndPoint target, string why) => new(StoreFault.AddressNotAllowed, "connect", target.Host, why);

    /// <summary>The S3 library follows a redirect by itself, whatever its settings say; without its target it cannot.</summary>
    private sealed class WithoutRedirects(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if ((int)response.StatusCode is >= 300 and < 400) response.Headers.Location = null;
            return response;
        }
    }
}
