using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>HKDF-SHA-256 (RFC 5869) with infos that bind each key to its use, tenant and repository (docs/formats/keys.md).</summary>
internal static class KeyDerivation
{
    public const int KeySize = 32;
    public const int SaltSize = 32;
    private const string Prefix = "hyperbdr/1/";
    private const int IdsSize = 32;

    /// <summary>HKDF extracts once per call and gives at most 255 × 32 bytes; <paramref name="key"/> is below that.</summary>
    public static void Derive(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> key) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt, info);

    /// <summary>Prefix, label, a zero byte, tenant, repository, suffix. A label holds no zero byte, so two infos are never alike.</summary>
    public static byte[] Info(string label, Guid tenant, Guid repository, params ReadOnlySpan<byte> suffix)
    {
        var info = new byte[Prefix.Length + label.Length + 1 + IdsSize + suffix.Length];
        var writer = new FieldWriter(info);
        Encoding.ASCII.GetBytes(Prefix, writer.Take(Prefix.Length));
        Encoding.ASCII.GetBytes(label, writer.Take(label.Length));
        writer.U8(0);
        writer.Id(tenant);
        writer.Id(repository);
        writer.Bytes(suffix);
        return info;
    }
}
