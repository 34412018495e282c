using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway.Tls;

/// <summary>What the handshake of a connection asked for; kept on the connection for the rules on each call.</summary>
/// <param name="Name">Server name in lower case, empty when the client sent none.</param>
/// <param name="IsAgents">It is the agents' name: the client certificate was demanded and verified.</param>
internal sealed record TlsName(string Name, bool IsAgents);

/// <summary>The TLS policy by server name: the agents' name demands a client certificate of our authority, every other name asks for none.</summary>
internal sealed class ServerNamePolicy(ServerCertificates certificates, IOptions<GatewayOptions> options, TimeProvider time)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly Oid ClientUsage = new(ClientAuthentication);

    public string AgentServerName => options.Value.AgentServerName;

    public ValueTask<SslServerAuthenticationOptions> ChooseAsync(TlsHandshakeCallbackContext context, Surface surface)
    {
        var name = context.ClientHelloInfo.ServerName.TrimEnd('.').ToLowerInvariant();
        var agents = surface == Surface.Console && name == AgentServerName;
        context.Connection.Features.Set(new TlsName(name, agents));
        var identity = certificates.Current;
        return ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = agents ? identity.Agents : identity.Browsers,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = agents,
            RemoteCertificateValidationCallback = agents ? (_, certificate, chain, _) => IsAgent(certificate as X509Certificate2, chain, identity.Authority) : null,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            // A resumed session would skip the look at the client's certificate, which may have ended since.
            AllowTlsResume = !agents,
        });
    }

    private bool IsAgent(X509Certificate2? certificate, X509Chain? sent, X509Certificate2 authority)
    {
        if (certificate is null || certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is null) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.ApplicationPolicy.Add(ClientUsage);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate);
    }
}
