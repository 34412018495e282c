using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace HyperBdr.Identity.Credentials;

/// <summary>Opaque secrets that people's programs carry, and the hashes under which they are stored.</summary>
public static class Tokens
{
    private const int Size = 32;

    /// <summary>256 random bits, base64url, 43 characters.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));

    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>The hash as lower-case hexadecimal text.</summary>
    public static string NameOf(string secret) => Convert.ToHexStringLower(HashOf(secret));
}
