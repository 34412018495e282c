using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Gateway.Tls;

/// <summary>The user's own certificate and key: every fault that a browser or the handshake would meet later is found and named here.</summary>
/// <param name="CertificatePath">PEM: the certificate first, then its issuers in order.</param>
/// <param name="KeyPath">PEM, without a passphrase.</param>
internal sealed record SuppliedCertificate(string CertificatePath, string KeyPath)
{
    private const int SmallestRsaBits = 2048;
    private const int SmallestEcBits = 256;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan ExpiryWarning = TimeSpan.FromDays(7);

    /// <summary>The configured pair, else the one in <c>certs/custom</c>, else null.</summary>
    /// <exception cref="CertificateProblemException">Only half of the pair is named.</exception>
    public static SuppliedCertificate? Find(CertificateOptions options, CertificateFolder folder)
    {
        if (options.Path is not null || options.KeyPath is not null)
        {
            return options is { Path: { } path, KeyPath: { } key }
                ? new(path, key)
                : throw new CertificateProblemException("Only one of Gateway:Certificate:Path and Gateway:Certificate:KeyPath is set: set both, or none to use the suite's own certificate.");
        }

        var supplied = new SuppliedCertificate(folder.At("custom/tls.crt"), folder.At("custom/tls.key"));
        return File.Exists(supplied.CertificatePath) || File.Exists(supplied.KeyPath) ? supplied : null;
    }

    /// <summary>Changes when either file does.</summary>
    public string Stamp() => $"{StampOf(CertificatePath)}|{StampOf(KeyPath)}";

    /// <summary>Loads and checks the pair.</summary>
    /// <returns>What the handshake needs, and warnings that do not stop it.</returns>
    /// <exception cref="CertificateProblemException">It cannot be used.</exception>
    public (SslStreamCertificateContext Context, IReadOnlyList<string> Warnings) Load(DateTimeOffset now)
    {
        var chain = ReadChain();
        var leaf = chain[0];
        CheckLeaf(leaf, now);
        CheckOrder(chain);
        var certificate = WithKey(leaf);

        var warnings = new List<string>();
        if (leaf.Ends - now < ExpiryWarning) warnings.Add($"{CertificatePath} expires on {leaf.Ends:yyyy-MM-dd}: replace it, the gateway takes the new file by itself.");
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(KeyPath) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != UnixFileMode.None)
            warnings.Add($"{KeyPath} is readable by other users: set its mode to 0600.");
        var issuers = new X509Certificate2Collection(chain.Skip(1).ToArray());
        if (!IsComplete(leaf, issuers, now)) warnings.Add($"{CertificatePath} does not lead to an authority that this machine knows: if browsers warn, append the intermediate certificates.");
        return (SslStreamCertificateContext.Create(certificate, issuers, offline: true), warnings);
    }

    private static string StampOf(string path) => new FileInfo(path) is { Exists: true } file ? $"{file.LastWriteTimeUtc.Ticks}/{file.Length}" : "absent";

    private X509Certificate2Collection ReadChain()
    {
        var text = CertificateFolder.Read(CertificatePath);
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw new CertificateProblemException($"{CertificatePath} holds a damaged certificate: export it again as PEM.", e);
        }

        return chain.Count > 0 ? chain : throw new CertificateProblemException($"{CertificatePath} holds no certificate in PEM form: export it as PEM (-----BEGIN CERTIFICATE-----).");
    }

    private void CheckLeaf(X509Certificate2 leaf, DateTimeOffset now)
    {
        if (leaf.Ends <= now) throw new CertificateProblemException($"{CertificatePath} expired on {leaf.Ends:yyyy-MM-dd}: put a valid certificate there, or remove it to use the suite's own.");
        if (leaf.Begins > now) throw new CertificateProblemException($"{CertificatePath} is valid only from {leaf.Begins:yyyy-MM-dd HH:mm} UTC: check the clock of this machine or put another certificate there.");
        if (leaf.Extensions.OfType<X509BasicConstraintsExtension>().Any(e => e.CertificateAuthority)) throw new CertificateProblemException($"{CertificatePath} begins with an authority's certificate: put the server's certificate first, then its issuers.");
        var usages = leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault();
        if (usages is not null && !usages.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == ServerAuthentication)) throw new CertificateProblemException($"{CertificatePath} is not meant for servers (extended key usage): ask your authority for a server certificate.");
        using var rsa = leaf.GetRSAPublicKey();
        using var ec = leaf.GetECDsaPublicKey();
        var strong = rsa is not null ? rsa.KeySize >= SmallestRsaBits : ec is not null && ec.KeySize >= SmallestEcBits;
        if (!strong) throw new CertificateProblemException($"{CertificatePath} has a {rsa?.KeySize ?? ec?.KeySize ?? 0} bit key: use RSA of at least {SmallestRsaBits} bits or ECDSA P-256.");
    }

    /// <summary>Servers send the file as it is: each certificate must be the issuer of the one before.</summary>
    private void CheckOrder(X509Certificate2Collection chain)
    {
        for (var i = 1; i < chain.Count; i++)
            if (!chain[i].SubjectName.RawData.AsSpan().SequenceEqual(chain[i - 1].IssuerName.RawData))
                throw new CertificateProblemException($"{CertificatePath}: certificate {i + 1} ({chain[i].Subject}) is not the issuer of certificate {i}: order the file as server certificate, intermediate, root.");
    }

    private X509Certificate2 WithKey(X509Certificate2 leaf)
    {
        var pem = CertificateFolder.Read(KeyPath);
        if (pem.Contains("ENCRYPTED", StringComparison.Ordinal)) throw new CertificateProblemException($"{KeyPath} is protected by a passphrase: store it without one (mode 0600).");
        using var rsa = leaf.GetRSAPublicKey();
        using AsymmetricAlgorithm key = rsa is not null ? RSA.Create() : ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CertificateProblemException($"{KeyPath} holds no {(rsa is not null ? "RSA" : "EC")} private key in PEM form: put the key of {CertificatePath} there.", e);
        }

        if (!key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(leaf.PublicKey.ExportSubjectPublicKeyInfo()))
            throw new CertificateProblemException($"{KeyPath} does not belong to {CertificatePath}: put the key there that the certificate was requested with.");
        return key is RSA pair ? leaf.CopyWithPrivateKey(pair) : leaf.CopyWithPrivateKey((ECDsa)key);
    }

    private static bool IsComplete(X509Certificate2 leaf, X509Certificate2Collection issuers, DateTimeOffset now)
    {
        if (issuers.Count > 0 && issuers[^1].SubjectName.RawData.AsSpan().SequenceEqual(issuers[^1].IssuerName.RawData)) return true;
        using var chain = new X509Chain();
        chain.ChainPolicy.ExtraStore.AddRange(issuers);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        return chain.Build(leaf) || !chain.ChainStatus.Any(s => s.Status.HasFlag(X509ChainStatusFlags.PartialChain));
    }
}
