using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Gateway.Tls;

/// <summary>The server certificate that our authority signs: kept over restarts, made anew in time or when the names change.</summary>
internal sealed class OwnCertificate(CertificateFolder folder, Authority authority, IReadOnlyList<string> names, TimeProvider time)
{
    /// <summary>So long before its end it is replaced.</summary>
    public static readonly TimeSpan RenewalWindow = TimeSpan.FromDays(30);

    /// <summary>The certificate on disk when it is still good, else a new one.</summary>
    public (SslStreamCertificateContext Context, bool Renewed) Open()
    {
        if (Usable() is { } present) return (ContextOf(present), false);
        CertificateFolder.Write(folder.Server, authority.IssueServer(names, time.GetUtcNow()), secret: true);
        return (ContextOf(Load() ?? throw new CertificateProblemException($"{folder.Server} cannot be read back: check the disk.")), true);
    }

    /// <summary>The certificate of the context needs to be replaced now.</summary>
    public bool IsDue(SslStreamCertificateContext context) => context.TargetCertificate.Ends - time.GetUtcNow() < RenewalWindow;

    private X509Certificate2? Usable()
    {
        if (Load() is not { } certificate) return null;
        var now = time.GetUtcNow();
        var current = certificate.Begins <= now && now + RenewalWindow < certificate.Ends;
        return current && IssuedByAuthority(certificate) && SameNames(certificate) ? certificate : null;
    }

    /// <summary>Our own file: when it is damaged it is simply made again.</summary>
    private X509Certificate2? Load()
    {
        if (!File.Exists(folder.Server)) return null;
        var pem = CertificateFolder.Read(folder.Server);
        try
        {
            return X509Certificate2.CreateFromPem(pem, pem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private bool IssuedByAuthority(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        return chain.Build(certificate);
    }

    private bool SameNames(X509Certificate2 certificate)
    {
        var present = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())));
        return present.ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(names);
    }

    private SslStreamCertificateContext ContextOf(X509Certificate2 certificate) =>
        SslStreamCertificateContext.Create(certificate, new X509Certificate2Collection(), offline: true, trust: SslCertificateTrust.CreateForX509Collection([authority.Certificate]));
}
