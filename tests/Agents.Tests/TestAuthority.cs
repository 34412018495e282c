using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Agents.Tests;

/// <summary>An installation's authority, the one below it that signs machines, and what they sign.</summary>
public sealed class TestAuthority
{
    private readonly X509Certificate2 machines;

    public TestAuthority()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = Request("O=HyperBdr, CN=HyperBdr authority test", key, ca: true);
        Root = root.CreateSelfSigned(now.AddDays(-60), now.AddYears(1));
        using var second = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        machines = Request("O=HyperBdr, CN=machines", second, ca: true).Create(Root, now.AddDays(-60), now.AddDays(300), RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(second);
    }

    public X509Certificate2 Root { get; }

    public string Pem => Root.ExportCertificatePem();

    public X509Certificate2 Server(params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request("O=HyperBdr, CN=gateway", key, ca: false);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var ip)) alternatives.AddIpAddress(ip);
            else alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.Create(Root, now.AddDays(-1), now.AddDays(30), RandomNumberGenerator.GetBytes(8));
        using var whole = made.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A machine's certificate and its issuer, DER.</summary>
    public IReadOnlyList<byte[]> Machine(byte[] request, string machineId, DateTimeOffset begins)
    {
        var asked = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256);
        var made = new CertificateRequest(new X500DistinguishedName($"CN={machineId}, O=tenant-1"), asked.PublicKey, HashAlgorithmName.SHA256);
        made.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var certificate = made.Create(machines.SubjectName, X509SignatureGenerator.CreateForECDsa(machines.GetECDsaPrivateKey()!), begins, begins.AddDays(30), RandomNumberGenerator.GetBytes(8));
        return [certificate.RawData, machines.RawData];
    }

    private static CertificateRequest Request(string subject, ECDsa key, bool ca)
    {
        var request = new CertificateRequest(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(ca, false, 0, true));
        if (ca) request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request;
    }
}
