using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Agents.Identity;

namespace HyperBdr.Agents.Link;

/// <summary>Connections to the console that trust its authority alone, whatever the machine's own list of authorities says.</summary>
internal static class ConsoleTls
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>On the ordinary name, before the machine has a certificate.</summary>
    /// <param name="refusal">Takes why the console's certificate was not accepted.</param>
    public static SocketsHttpHandler ForEnrolment(ConsoleAddress console, X509Certificate2Collection authorities, TimeProvider time, Action<string> refusal) =>
        Handler(console, new SslClientAuthenticationOptions
        {
            TargetHost = console.Host,
            // Behind address translation the console is not reached by a name in its certificate; the installation's own authority signs its console alone.
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Trusts(certificate, chain, errors, authorities, otherNames: IsOwn, time, refusal),
        });

    /// <summary>On the agents' name, with the machine's certificate.</summary>
    /// <param name="refusal">Takes why the console's certificate was not accepted.</param>
    public static SocketsHttpHandler ForLink(ConsoleAddress console, MachineIdentity identity, TimeProvider time, Action<string> refusal) =>
        Handler(console, new SslClientAuthenticationOptions
        {
            TargetHost = identity.AgentServerName,
            // A resumed session shows neither a renewed certificate nor the certificates between it and the authority.
            AllowTlsResume = false,
            ClientCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, identity.Issuers, offline: true),
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Trusts(certificate, chain, errors, [identity.Authority], otherNames: _ => false, time, refusal),
        });

    private static SocketsHttpHandler Handler(ConsoleAddress console, SslClientAuthenticationOptions tls)
    {
        tls.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        tls.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
        return new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            SslOptions = tls,
            // A cut network is noticed within half a minute, also while nothing is to be said.
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectTimeout = ConnectTimeout,
            ConnectCallback = async (_, ct) => await DialAsync(console, ct),
        };
    }

    private static async Task<Stream> DialAsync(ConsoleAddress console, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            EndPoint target = IPAddress.TryParse(console.Host, out var ip) ? new IPEndPoint(ip, console.Port) : new DnsEndPoint(console.Host, console.Port);
            await socket.ConnectAsync(target, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool Trusts(X509Certificate? shown, X509Chain? sent, SslPolicyErrors errors, X509Certificate2Collection authorities, Func<X509Certificate2, bool> otherNames, TimeProvider time, Action<string> refusal)
    {
        if (shown is not X509Certificate2 certificate) return Refuse("The console shows no certificate.");
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        if (!chain.Build(certificate))
        {
            return Refuse(chain.ChainStatus.All(s => s.Status == X509ChainStatusFlags.NotTimeValid)
                ? $"The console's certificate is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, and this machine's clock says {time.GetUtcNow():u}: set the clock."
                : $"The console's certificate is not signed by the pinned authority ({string.Join(", ", chain.ChainStatus.Select(s => s.Status))}): either this is not the console, or it was installed anew.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && !otherNames(chain.ChainElements[^1].Certificate)) return Refuse("The console's certificate is for another name.");
        return true;

        bool Refuse(string why)
        {
            refusal(why);
            return false;
        }
    }

    private static bool IsOwn(X509Certificate2 root) => root.Subject.Contains("O=HyperBdr", StringComparison.Ordinal);
}
