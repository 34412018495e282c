using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Errors;
using HyperBdr.Porter.Domain;

namespace HyperBdr.Porter.Features.Certificates;

/// <summary>Makes certificates. Names come from porter alone, never from a request.</summary>
internal static class Issuing
{
    public static readonly Error NotAcceptable = new(ErrorKind.Validation, "porter.certificate_request.not_acceptable", "The certificate request is not a PKCS#10 request with an ECDSA P-256 key, signed with that key.");

    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>From this age on a certificate may be renewed.</summary>
    public static readonly TimeSpan RenewalAge = TimeSpan.FromDays(20);
    private const int MaxRequestBytes = 8 * 1024;
    private const string P256 = "1.2.840.10045.3.1.7";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Machines whose clock is a little behind accept a new certificate at once.</summary>
    private static readonly TimeSpan Backdating = TimeSpan.FromHours(1);

    /// <summary>The key of a request, after the check that the sender has its private part.</summary>
    public static Result<PublicKey> KeyOf(ReadOnlySpan<byte> request)
    {
        if (request.Length is 0 or > MaxRequestBytes) return NotAcceptable;
        try
        {
            var read = CertificateRequest.LoadSigningRequest(request.ToArray(), HashAlgorithmName.SHA256);
            using var key = read.PublicKey.GetECDsaPublicKey();
            return key is not null && key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256 ? read.PublicKey : NotAcceptable;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or PlatformNotSupportedException)
        {
            return NotAcceptable;
        }
    }

    /// <summary>The authority of a tenant, which may sign machines and nothing else.</summary>
    public static X509Certificate2 Authority(X509Certificate2 signer, Guid tenant, ECDsa key, DateTimeOffset now, int years)
    {
        var request = new CertificateRequest(NameOf(tenant, "HyperBdr machines"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        return Sign(request, signer, now, now.AddYears(years));
    }

    public static MachineCertificate ForMachine(X509Certificate2 authority, Guid tenant, Guid machine, PublicKey key, DateTimeOffset now)
    {
        var request = new CertificateRequest(NameOf(tenant, machine.ToString()), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyAgreement, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientAuthentication)], critical: false));
        using var certificate = Sign(request, authority, now, now + Lifetime);
        return new MachineCertificate
        {
            Thumbprint = Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256)),
            TenantId = tenant,
            MachineId = machine,
            PublicKey = key.ExportSubjectPublicKeyInfo(),
            Certificate = certificate.RawData,
            Issuer = authority.RawData,
            IssuedAt = now,
            ExpiresAt = new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero),
        };
    }

    private static X509Certificate2 Sign(CertificateRequest request, X509Certificate2 signer, DateTimeOffset now, DateTimeOffset until)
    {
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(signer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var (first, last) = (new DateTimeOffset(signer.NotBefore.ToUniversalTime(), TimeSpan.Zero), new DateTimeOffset(signer.NotAfter.ToUniversalTime(), TimeSpan.Zero));
        var from = now - Backdating < first ? first : now - Backdating;
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        return request.Create(signer, from, until < last ? until : last, serial);
    }

    private static X500DistinguishedName NameOf(Guid tenant, string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddOrganizationName(tenant.ToString());
        builder.AddCommonName(name);
        return builder.Build();
    }
}
