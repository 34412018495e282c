using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Nbd.Tests;

/// <summary>An authority, a server and a client, also as the files that libnbd and QEMU look for.</summary>
internal sealed class TestCertificates : IDisposable
{
    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=nbd test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Authority = request.CreateSelfSigned(From, Until);
        Server = Issue("CN=localhost", "1.3.6.1.5.5.7.3.1");
        Client = Issue("CN=client", "1.3.6.1.5.5.7.3.2");
    }

    public X509Certificate2 Authority { get; }

    public X509Certificate2 Server { get; }

    public X509Certificate2 Client { get; }

    private static DateTimeOffset From => TimeProvider.System.GetUtcNow().AddDays(-1);

    private static DateTimeOffset Until => TimeProvider.System.GetUtcNow().AddDays(7);

    public void Save(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "ca-cert.pem"), Authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "client-cert.pem"), Client.ExportCertificatePem());
        using var key = Client.GetECDsaPrivateKey()!;
        File.WriteAllText(Path.Combine(folder, "client-key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
        Authority.Dispose();
    }

    private X509Certificate2 Issue(string name, string purpose)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        using var signed = request.Create(Authority, From.AddHours(1), Until.AddHours(-1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
