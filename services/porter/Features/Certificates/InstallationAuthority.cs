using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Porter.Features.Certificates;

/// <summary>The authority of this installation: the gateway makes it at its first start, in the folder that all processes of the installation share.</summary>
internal sealed class InstallationAuthority(SecretFiles files)
{
    public static readonly Error NotReady = new(ErrorKind.Unavailable, "porter.authority.not_ready", "The authority of this installation cannot be read yet; try again in a moment.");

    private string Folder => Path.Combine(files.Home, "certs");

    /// <summary>The certificate without its key.</summary>
    public Result<X509Certificate2> Read() => Try(() => X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Folder, "ca.crt")));

    /// <summary>With its key, for signing the authority of a tenant.</summary>
    public Result<X509Certificate2> Open() => Try(() => X509Certificate2.CreateFromPemFile(Path.Combine(Folder, "ca.crt"), Path.Combine(Folder, "ca.key")));

    private static Result<X509Certificate2> Try(Func<X509Certificate2> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return NotReady;
        }
    }
}
