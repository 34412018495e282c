using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway.Tls;

/// <summary>What the next handshake uses; immutable, replaced as a whole.</summary>
/// <param name="Browsers">For every name but the agents': the user's certificate, else ours.</param>
/// <param name="Agents">For the agents' name: always ours, since agents trust only our authority.</param>
/// <param name="Authority">What client certificates must chain to.</param>
internal sealed record TlsIdentity(SslStreamCertificateContext Browsers, SslStreamCertificateContext Agents, X509Certificate2 Authority);

/// <summary>Loads the certificates and replaces them while running: connections keep the certificate that they were made with.</summary>
internal sealed partial class ServerCertificates(IOptions<GatewayOptions> options, SecretFiles files, TimeProvider time, ILogger<ServerCertificates> log) : IDisposable
{
    private volatile TlsIdentity? current;
    private Authority? authority;
    private OwnCertificate? own;
    private SuppliedCertificate? supplied;
    private string stamp = "";
    private CertificateFolder? folder;

    public bool IsLoaded => current is not null;

    public TlsIdentity Current => current ?? throw new InvalidOperationException("The certificates are not loaded yet.");

    /// <summary>First load: a fault ends the start.</summary>
    /// <exception cref="CertificateProblemException">A file cannot be used.</exception>
    public void Load()
    {
        folder = new CertificateFolder(files.Home);
        supplied = SuppliedCertificate.Find(options.Value.Certificate, folder);
        stamp = supplied?.Stamp() ?? "";
        var browsers = supplied is null ? null : LoadSupplied(supplied);
        authority = Authority.Open(folder, time.GetUtcNow());
        own = new OwnCertificate(folder, authority, NamesOf(options.Value), time);
        var (context, _) = own.Open();
        current = new TlsIdentity(browsers ?? context, context, authority.Certificate);
        Loaded(log, current.Browsers.TargetCertificate.Subject, current.Browsers.TargetCertificate.Ends);
    }

    /// <summary>Renews our certificate when it is due and takes changed files of the user; a wrong file changes nothing.</summary>
    public void Refresh()
    {
        var now = Current;
        var agents = now.Agents;
        if (own!.IsDue(agents))
        {
            agents = own.Open().Context;
            Renewed(log, agents.TargetCertificate.Ends);
        }

        var browsers = ReferenceEquals(now.Browsers, now.Agents) ? agents : now.Browsers;
        try
        {
            var found = SuppliedCertificate.Find(options.Value.Certificate, folder!);
            var seen = found?.Stamp() ?? "";
            if (seen != stamp)
            {
                stamp = seen;
                browsers = found is null ? agents : LoadSupplied(found);
                supplied = found;
                Replaced(log, browsers.TargetCertificate.Subject, browsers.TargetCertificate.Ends);
            }
        }
        catch (CertificateProblemException e)
        {
            Kept(log, e.Message);
        }

        if (!ReferenceEquals(agents, now.Agents) || !ReferenceEquals(browsers, now.Browsers)) current = now with { Agents = agents, Browsers = browsers };
    }

    public void Dispose() => authority?.Dispose();

    private static List<string> NamesOf(GatewayOptions options) =>
        [.. new[] { "localhost", Environment.MachineName, "127.0.0.1", "::1", options.AgentServerName }.Concat(options.Names).Select(Plain).Distinct(StringComparer.Ordinal)];

    private static string Plain(string name) => Uri.CheckHostName(name) switch
    {
        UriHostNameType.IPv4 or UriHostNameType.IPv6 => IPAddress.Parse(name).ToString(),
        UriHostNameType.Dns => name.ToLowerInvariant(),
        _ => throw new CertificateProblemException($"Gateway:Names: \"{name}\" is no host name and no address: correct the setting."),
    };

    private SslStreamCertificateContext LoadSupplied(SuppliedCertificate pair)
    {
        var (context, warnings) = pair.Load(time.GetUtcNow());
        foreach (var warning in warnings) Warned(log, warning);
        return context;
    }

    [LoggerMessage(EventId = 7101, Level = LogLevel.Information, Message = "Serving with the certificate {Subject}, valid until {NotAfter:yyyy-MM-dd}")]
    private static partial void Loaded(ILogger log, string subject, DateTimeOffset notAfter);

    [LoggerMessage(EventId = 7102, Level = LogLevel.Information, Message = "Renewed our server certificate, valid until {NotAfter:yyyy-MM-dd}")]
    private static partial void Renewed(ILogger log, DateTimeOffset notAfter);

    [LoggerMessage(EventId = 7103, Level = LogLevel.Information, Message = "Took the replaced certificate {Subject}, valid until {NotAfter:yyyy-MM-dd}")]
    private static partial void Replaced(ILogger log, string subject, DateTimeOffset notAfter);

    [LoggerMessage(EventId = 7104, Level = LogLevel.Error, Message = "Kept the old certificate: {Problem}")]
    private static partial void Kept(ILogger log, string problem);

    [LoggerMessage(EventId = 7105, Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void Warned(ILogger log, string warning);
}
