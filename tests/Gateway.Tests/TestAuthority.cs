using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Gateway.Tests;

/// <summary>Makes certificates for tests: good ones, and bad ones of every kind.</summary>
internal static class TestAuthority
{
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";
    public const string Tenant = "01900000-0000-7000-8000-00000000000a";
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    public static X509Certificate2 Foreign(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=foreign authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(now.AddYears(-2), now.AddYears(5));
    }

    /// <summary>The gateway's own authority, as porter will open it.</summary>
    public static X509Certificate2 Of(string home) =>
        X509Certificate2.CreateFromPemFile(Path.Combine(home, "certs", "ca.crt"), Path.Combine(home, "certs", "ca.key"));

    public static X509Certificate2 Issue(X509Certificate2 authority, string name, DateTimeOffset from, DateTimeOffset until, string usage = ClientUsage)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}, O={Tenant}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        using var bare = request.Create(authority, from, until, RandomNumberGenerator.GetBytes(8));
        using var whole = bare.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A self-signed server certificate and its key in PEM form.</summary>
    public static (string Certificate, string Key) Server(DateTimeOffset from, DateTimeOffset until, int rsaBits = 0)
    {
        using AsymmetricAlgorithm key = rsaBits > 0 ? RSA.Create(rsaBits) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa
            ? new CertificateRequest("CN=own.example", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=own.example", (ECDsa)key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(from, until);
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
