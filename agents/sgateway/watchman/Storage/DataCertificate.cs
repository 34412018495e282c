using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Engine.IO;

namespace HyperBdr.Watchman.Storage;

/// <summary>The certificate of the data port and the authority of this gateway that signs it: writers get the authority with their key and trust nothing else.</summary>
/// <remarks><c>data_ca.crt/.key</c> for 10 years, <c>server.crt/.key</c> for 397 days, made anew 30 days before its end or when the names change.</remarks>
internal sealed class DataCertificate(string folder, TimeProvider time)
{
    private static readonly TimeSpan Renewal = TimeSpan.FromDays(30);

    private string AuthorityPath => Path.Combine(folder, "data_ca.crt");

    private string AuthorityKeyPath => Path.Combine(folder, "data_ca.key");

    private string ServerPath => Path.Combine(folder, "server.crt");

    private string ServerKeyPath => Path.Combine(folder, "server.key");

    /// <summary>DER of the authority.</summary>
    public byte[] Authority()
    {
        using var authority = X509Certificate2.CreateFromPem(File.ReadAllText(AuthorityPath));
        return authority.RawData;
    }

    /// <summary>Makes what is missing or due.</summary>
    public void Ensure(IReadOnlyCollection<string> names)
    {
        if (!File.Exists(AuthorityPath)) MakeAuthority();
        if (!IsCurrent(names)) MakeServer(names);
    }

    private void MakeAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName($"O=HyperBdr, CN=HyperBdr sync gateway {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var made = request.CreateSelfSigned(time.GetUtcNow().AddDays(-1), time.GetUtcNow().AddYears(10));
        DurableFiles.Write(AuthorityKeyPath, key.ExportPkcs8PrivateKeyPem() + "\n");
        DurableFiles.Write(AuthorityPath, made.ExportCertificatePem() + "\n");
    }

    private bool IsCurrent(IReadOnlyCollection<string> names)
    {
        if (!File.Exists(ServerPath) || !File.Exists(ServerKeyPath)) return false;
        try
        {
            using var server = X509Certificate2.CreateFromPemFile(ServerPath, ServerKeyPath);
            var present = server.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString()))).ToHashSet();
            return server.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime > Renewal && names.All(present.Contains);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private void MakeServer(IReadOnlyCollection<string> names)
    {
        using var authority = X509Certificate2.CreateFromPemFile(AuthorityPath, AuthorityKeyPath);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("O=HyperBdr, CN=s3block"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        using var made = request.Create(authority, time.GetUtcNow().AddHours(-1), time.GetUtcNow().AddDays(397), RandomNumberGenerator.GetBytes(16));
        // Certificate last: s3block looks at its time, and takes the pair when both fit.
        DurableFiles.Write(ServerKeyPath, key.ExportPkcs8PrivateKeyPem() + "\n");
        DurableFiles.Write(ServerPath, $"{made.ExportCertificatePem()}\n{authority.ExportCertificatePem()}\n");
    }
}
