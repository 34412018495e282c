using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Engine.IO;

namespace HyperBdr.Agents.Identity;

/// <summary>The machine's key pair and what the console made of it. Files of mode 0600 in a folder of mode 0700, written durably.</summary>
/// <remarks>
/// <c>machine.key</c> is made here and never leaves; it is on disk before the first enrolment is tried, so that a lost answer can be asked for again with the
/// same key. Renewal keeps the key: what was sealed to the machine before can still be opened. <c>identity.json</c> has the rest and is replaced as a whole.
/// </remarks>
public sealed class IdentityStore
{
    private const int MaxLength = 256 * 1024;
    private readonly string folder;

    public IdentityStore(string folder)
    {
        this.folder = folder;
        DurableFiles.MakeFolder(folder);
    }

    private string KeyPath => Path.Combine(folder, "machine.key");

    private string IdentityPath => Path.Combine(folder, "identity.json");

    public bool IsEnrolled => File.Exists(IdentityPath);

    /// <summary>The machine's signing key, made at first use.</summary>
    /// <exception cref="IdentityException">The file is not a P-256 key.</exception>
    public ECDsa OpenKey()
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(KeyText());
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new IdentityException($"{KeyPath} is not a private key: put it back from a backup, or remove the folder {folder} and enrol again.", e);
        }
    }

    /// <summary>The same key for opening what is sealed to this machine.</summary>
    public ECDiffieHellman OpenReader()
    {
        using var key = OpenKey();
        return ECDiffieHellman.Create(key.ExportParameters(includePrivateParameters: true));
    }

    /// <summary>PKCS#10 for enrolment or renewal; the console writes the names.</summary>
    public byte[] CertificateRequest()
    {
        using var key = OpenKey();
        return new CertificateRequest(new X500DistinguishedName("CN=machine"), key, HashAlgorithmName.SHA256).CreateSigningRequest();
    }

    /// <summary>Null when this machine is not enrolled.</summary>
    /// <exception cref="IdentityException">The files are damaged.</exception>
    public MachineIdentity? Load()
    {
        if (DurableFiles.Read(IdentityPath, MaxLength) is not { } bytes) return null;
        try
        {
            return Identity(JsonSerializer.Deserialize(bytes, IdentityJson.Default.IdentityFile) ?? throw new JsonException("empty"));
        }
        catch (Exception e) when (e is JsonException or CryptographicException or FormatException)
        {
            throw new IdentityException($"{IdentityPath} is damaged: put it back from a backup, or enrol this machine again.", e);
        }
    }

    /// <summary>Keeps what enrolment gave.</summary>
    /// <exception cref="IdentityException">The certificate is not for this machine's key or not signed by the authority.</exception>
    public MachineIdentity Save(EnrollResponse enrolled) =>
        Save(new IdentityFile(enrolled.MachineId, enrolled.AgentServerName, [.. enrolled.Certificates.Select(c => c.ToBase64())], enrolled.Authority.ToBase64()));

    /// <summary>Keeps a renewed certificate.</summary>
    /// <inheritdoc cref="Save(EnrollResponse)" path="/exception"/>
    public MachineIdentity Renew(MachineIdentity present, RenewResponse renewed) =>
        Save(new IdentityFile(present.MachineId, present.AgentServerName, [.. renewed.Certificates.Select(c => c.ToBase64())], Convert.ToBase64String(present.Authority.RawData)));

    /// <summary>The machine is to be enrolled anew; its key stays.</summary>
    public void Forget() => DurableFiles.Delete(IdentityPath);

    private MachineIdentity Save(IdentityFile file)
    {
        MachineIdentity identity;
        try
        {
            identity = Identity(file);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
        {
            throw new IdentityException("The console sent certificates that cannot be read.", e);
        }

        if (identity.Defect() is { } defect)
        {
            identity.Dispose();
            throw new IdentityException(defect);
        }

        DurableFiles.Write(IdentityPath, JsonSerializer.SerializeToUtf8Bytes(file, IdentityJson.Default.IdentityFile));
        return identity;
    }

    private MachineIdentity Identity(IdentityFile file)
    {
        if (file is not { MachineId.Length: > 0 and <= 128, AgentServerName.Length: > 0 and <= 253, Certificates.Count: > 0 and <= 8, Authority.Length: > 0 }) throw new FormatException("A part of the identity is missing.");
        using var key = OpenKey();
        using var leaf = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(file.Certificates[0]));
        if (!leaf.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo())) throw new IdentityException("The certificate is for another key than this machine's.");
        var issuers = new X509Certificate2Collection(file.Certificates.Skip(1).Select(c => X509CertificateLoader.LoadCertificate(Convert.FromBase64String(c))).ToArray());
        return new MachineIdentity(file.MachineId, file.AgentServerName, leaf.CopyWithPrivateKey(key), issuers, X509CertificateLoader.LoadCertificate(Convert.FromBase64String(file.Authority)));
    }

    private string KeyText()
    {
        if (DurableFiles.Read(KeyPath, MaxLength) is { } present) return Encoding.UTF8.GetString(present);
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DurableFiles.Write(KeyPath, made.ExportPkcs8PrivateKeyPem() + "\n");
        return made.ExportPkcs8PrivateKeyPem();
    }
}

/// <param name="Certificates">DER in base64, the leaf first.</param>
/// <param name="Authority">DER in base64.</param>
internal sealed record IdentityFile(string MachineId, string AgentServerName, IReadOnlyList<string> Certificates, string Authority);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(IdentityFile))]
internal sealed partial class IdentityJson : JsonSerializerContext;
