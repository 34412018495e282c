using System.Security.Cryptography;

namespace HyperBdr.Gateway.Tls;

/// <summary>Files of <c>$HYPERBDR_HOME/certs</c>: whole or absent, private keys readable by this user only.</summary>
internal sealed class CertificateFolder
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const int LargestFile = 1024 * 1024;

    public CertificateFolder(string home)
    {
        Path = System.IO.Path.Combine(home, "certs");
        Directory.CreateDirectory(home);
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string AuthorityCertificate => At("ca.crt");

    public string AuthorityKey => At("ca.key");

    /// <summary>Key and certificate in one file, so that they never differ.</summary>
    public string Server => At("server.pem");

    public string At(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Replaces the file as a whole; after a power loss it is the old one or the new one.</summary>
    public static void Write(string path, string text, bool secret)
    {
        var draft = $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            Options = FileOptions.WriteThrough,
            UnixCreateMode = secret ? Private : Public,
        };
        using (var file = new StreamWriter(path: draft, options: options)) file.Write(text);
        File.Move(draft, path, overwrite: true);
    }

    /// <summary>The file's text; a refusal says which file and why.</summary>
    /// <exception cref="CertificateProblemException">Absent, not readable or far too large.</exception>
    public static string Read(string path)
    {
        try
        {
            var size = new FileInfo(path).Length;
            if (size > LargestFile) throw new CertificateProblemException($"{path} has {size} bytes, too many for a certificate or key: put a PEM file there.");
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CertificateProblemException($"{path} cannot be read ({e.GetBaseException().Message.TrimEnd('.')}): put the PEM file there and let the user of the gateway read it.", e);
        }
    }
}
