using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Storplus.Domain;

namespace HyperBdr.Storplus.Outbound;

/// <summary>Trust in the endpoint of one sync gateway: what it said over its agent link its certificate chains to, and nothing else of this machine's trust.</summary>
/// <remarks>A gateway is reached by an address that its certificate may not name; then the certificate must be the gateway's own: named for the machine, or the very one that it sent.</remarks>
internal sealed class GatewayTrust(byte[]? authority, Guid machineId)
{
    public static GatewayTrust? Of(Pool pool) => pool.GatewayId is { } machine ? new GatewayTrust(pool.Authority, machine) : null;

    public SslClientAuthenticationOptions Options() => new() { RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Accepts(certificate, chain, errors) };

    private bool Accepts(X509Certificate? given, X509Chain? sent, SslPolicyErrors errors)
    {
        if (given is not X509Certificate2 certificate || authority is not { Length: > 0 }) return errors == SslPolicyErrors.None;
        using var root = X509CertificateLoader.LoadCertificate(authority);
        var isRoot = root.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span);
        var named = !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) || isRoot || certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) == machineId.ToString();
        if (!named) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(certificate);
    }
}
