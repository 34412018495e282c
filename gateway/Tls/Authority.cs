using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Gateway.Tls;

/// <summary>The certificate authority of this installation: signs our server certificate; agents' certificates chain to it.</summary>
/// <remarks>ECDSA P-256, 10 years, path length 1: below it there is room for the authority that signs agents.</remarks>
internal sealed class Authority : IDisposable
{
    private const int Years = 10;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The longest life that browsers accept is 398 days.</summary>
    private static readonly TimeSpan ServerLifetime = TimeSpan.FromDays(397);

    /// <summary>Machines whose clock is a little behind accept a new certificate at once.</summary>
    private static readonly TimeSpan Backdating = TimeSpan.FromHours(1);

    private Authority(X509Certificate2 certificate) => Certificate = certificate;

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Loads the authority, or makes it when this is the first start.</summary>
    /// <exception cref="CertificateProblemException">Its files are incomplete or damaged.</exception>
    public static Authority Open(CertificateFolder folder, DateTimeOffset now)
    {
        if (!File.Exists(folder.AuthorityKey))
        {
            if (File.Exists(folder.AuthorityCertificate))
                throw new CertificateProblemException($"{folder.AuthorityKey} is missing but {folder.AuthorityCertificate} is there: put the key back from your backup, or remove ca.crt to make a new authority (every agent must then enrol again).");
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            CertificateFolder.Write(folder.AuthorityKey, key.ExportPkcs8PrivateKeyPem() + "\n", secret: true);
        }

        using var signer = ReadKey(folder.AuthorityKey);
        if (!File.Exists(folder.AuthorityCertificate))
        {
            using var made = Make(signer, now);
            CertificateFolder.Write(folder.AuthorityCertificate, made.ExportCertificatePem() + "\n", secret: false);
        }

        return new Authority(Load(folder, signer, now));
    }

    /// <summary>A new server certificate for the names, with its key, as one PEM text.</summary>
    public string IssueServer(IReadOnlyList<string> names, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("O=HyperBdr, CN=HyperBdr gateway"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        var until = now + ServerLifetime;
        if (until > Certificate.Ends) until = Certificate.Ends;
        using var certificate = request.Create(Certificate, now - Backdating, until, RandomNumberGenerator.GetBytes(16));
        return $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n";
    }

    public void Dispose() => Certificate.Dispose();

    private static ECDsa ReadKey(string path)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(CertificateFolder.Read(path));
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new CertificateProblemException($"{path} is not an EC private key in PEM form: put the authority's key back from your backup.", e);
        }
    }

    private static X509Certificate2 Make(ECDsa key, DateTimeOffset now)
    {
        var serial = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var request = new CertificateRequest(new X500DistinguishedName($"O=HyperBdr, CN=HyperBdr authority {serial}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 1, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(now - Backdating, now.AddYears(Years));
    }

    private static X509Certificate2 Load(CertificateFolder folder, ECDsa key, DateTimeOffset now)
    {
        var path = folder.AuthorityCertificate;
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(CertificateFolder.Read(path));
        }
        catch (CryptographicException e)
        {
            throw new CertificateProblemException($"{path} is not a certificate in PEM form: put the authority's certificate back from your backup.", e);
        }

        using (certificate)
        {
            if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
                throw new CertificateProblemException($"{folder.AuthorityKey} does not belong to {path}: put both back from the same backup.");
            if (certificate.Ends <= now)
                throw new CertificateProblemException($"{path} expired on {certificate.Ends:yyyy-MM-dd}: remove ca.crt and ca.key to make a new authority (every agent must then enrol again).");
            return certificate.CopyWithPrivateKey(key);
        }
    }
}
