using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace HyperBdr.Fixtures.Suite;

/// <summary>What an authenticator app shows (RFC 6238: SHA-1, 30 s, 6 digits).</summary>
public static class Totp
{
    public static string Code(string base32Secret) => Code(base32Secret, TimeProvider.System.GetUtcNow());

    public static string Code(string base32Secret, DateTimeOffset now)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, now.ToUnixTimeSeconds() / 30);
#pragma warning disable RS0030, CA5350 // The standard of authenticator apps is SHA-1.
        var hash = HMACSHA1.HashData(FromBase32(base32Secret), counter);
#pragma warning restore RS0030, CA5350
        var offset = hash[^1] & 0x0f;
        var number = BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(offset)) & 0x7fff_ffff;
        return (number % 1_000_000).ToString("000000", CultureInfo.InvariantCulture);
    }

    private static byte[] FromBase32(string text)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        var bytes = new List<byte>();
        var (value, bits) = (0, 0);
        foreach (var c in text.TrimEnd('='))
        {
            value = (value << 5) | Alphabet.IndexOf(char.ToUpperInvariant(c), StringComparison.Ordinal);
            bits += 5;
            if (bits < 8) continue;
            bits -= 8;
            bytes.Add((byte)(value >> bits));
            value &= (1 << bits) - 1;
        }

        return [.. bytes];
    }
}
