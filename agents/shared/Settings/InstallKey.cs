using System.Security.Cryptography;
using System.Text;
using HyperBdr.Engine.IO;

namespace HyperBdr.Agents.Settings;

/// <summary>The key of one installation that seals the secrets in its configuration files: AES-256-GCM.</summary>
/// <remarks>
/// A sealed value is <c>enc:</c> and base64 of version (1 byte, 1), nonce (12), tag (16), ciphertext. It is bound to its section and key, so that a value
/// moved elsewhere does not open. The key lies beside the files: it keeps secrets out of copies of the configuration, not from root.
/// </remarks>
public sealed class InstallKey
{
    public const string Prefix = "enc:";
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int MaxSealedLength = 64 * 1024;
    private readonly byte[] key;

    private InstallKey(byte[] key) => this.key = key;

    /// <summary>Reads the key file (mode 0600), or makes it when this is the first start.</summary>
    /// <exception cref="SettingsException">The file is not a key.</exception>
    public static InstallKey Open(string path)
    {
        if (DurableFiles.Read(path, KeySize + 1) is { } present)
        {
            return present.Length == KeySize ? new InstallKey(present) : throw new SettingsException($"{path} is not an install key (it has {present.Length} bytes): put it back from a backup, or remove it and write the secrets into the configuration anew.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))) DurableFiles.MakeFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var made = RandomNumberGenerator.GetBytes(KeySize);
        DurableFiles.Write(path, made);
        return new InstallKey(made);
    }

    public string Seal(string section, string name, string secret)
    {
        var plain = Encoding.UTF8.GetBytes(secret);
        var sealedBytes = new byte[1 + NonceSize + TagSize + plain.Length];
        sealedBytes[0] = 1;
        var nonce = sealedBytes.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagSize);
        cipher.Encrypt(nonce, plain, sealedBytes.AsSpan(1 + NonceSize + TagSize), sealedBytes.AsSpan(1 + NonceSize, TagSize), Place(section, name));
        return Prefix + Convert.ToBase64String(sealedBytes);
    }

    /// <returns>Null when the value was not sealed by this key for this place.</returns>
    public string? TryOpen(string section, string name, string value)
    {
        if (!value.StartsWith(Prefix, StringComparison.Ordinal) || value.Length > MaxSealedLength) return null;
        try
        {
            var sealedBytes = Convert.FromBase64String(value[Prefix.Length..]);
            if (sealedBytes.Length < 1 + NonceSize + TagSize || sealedBytes[0] != 1) return null;
            var plain = new byte[sealedBytes.Length - 1 - NonceSize - TagSize];
            using var cipher = new AesGcm(key, TagSize);
            cipher.Decrypt(sealedBytes.AsSpan(1, NonceSize), sealedBytes.AsSpan(1 + NonceSize + TagSize), sealedBytes.AsSpan(1 + NonceSize, TagSize), plain, Place(section, name));
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return null;
        }
    }

    private static byte[] Place(string section, string name) => Encoding.UTF8.GetBytes($"hyperbdr setting 1\n{section}\n{name}");
}
