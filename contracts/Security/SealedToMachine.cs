using System.Security.Cryptography;

namespace HyperBdr.Contracts.Security;

/// <summary>Bytes that only the holder of one private key can read, whoever carries or keeps them: ECIES with P-256, HKDF-SHA-256 and AES-256-GCM.</summary>
/// <remarks>
/// Layout: version (1 byte, 1), length of the ephemeral key (1 byte), ephemeral SubjectPublicKeyInfo (DER), tag (16 bytes), ciphertext. The key comes
/// from the ECDH secret with the purpose and both public keys as HKDF info; it is used once, so the nonce is zero. Source: SEC 1 v2, 5.1, with RFC 5869.
/// </remarks>
public static class SealedToMachine
{
    /// <summary>Longest text that is opened, 1 MiB.</summary>
    public const int MaxLength = 1 << 20;
    private const byte Version = 1;
    private const int TagSize = 16;
    private const string P256 = "1.2.840.10045.3.1.7";

    /// <param name="readerKey">SubjectPublicKeyInfo of the reader, DER, P-256.</param>
    /// <param name="purpose">Binds the bytes to one use, e.g. <c>session/&lt;id&gt;</c>.</param>
    /// <param name="plain">At most <see cref="MaxLength"/> bytes.</param>
    /// <exception cref="CryptographicException">The key is not a P-256 key.</exception>
    public static byte[] Seal(ReadOnlySpan<byte> readerKey, string purpose, ReadOnlySpan<byte> plain)
    {
        if (plain.Length > MaxLength) throw new ArgumentException($"at most {MaxLength} bytes", nameof(plain));
        using var reader = ReadKey(readerKey);
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var sent = ephemeral.ExportSubjectPublicKeyInfo();
        var sealedBytes = new byte[2 + sent.Length + TagSize + plain.Length];
        sealedBytes[0] = Version;
        sealedBytes[1] = (byte)sent.Length;
        sent.CopyTo(sealedBytes, 2);
        using var cipher = CipherOf(ephemeral, reader, sent, reader.ExportSubjectPublicKeyInfo(), purpose);
        cipher.Encrypt(new byte[12], plain, sealedBytes.AsSpan(2 + sent.Length + TagSize), sealedBytes.AsSpan(2 + sent.Length, TagSize));
        return sealedBytes;
    }

    /// <exception cref="CryptographicException">Not sealed to this key or for this purpose, or damaged.</exception>
    public static byte[] Open(ECDiffieHellman reader, string purpose, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length > MaxLength + 512 || sealedBytes.Length < 2 || sealedBytes[0] != Version || sealedBytes.Length < 2 + sealedBytes[1] + TagSize) throw new CryptographicException("These are not sealed bytes.");
        var sent = sealedBytes.Slice(2, sealedBytes[1]);
        using var ephemeral = ReadKey(sent);
        using var cipher = CipherOf(reader, ephemeral, sent, reader.ExportSubjectPublicKeyInfo(), purpose);
        var plain = new byte[sealedBytes.Length - 2 - sent.Length - TagSize];
        cipher.Decrypt(new byte[12], sealedBytes[(2 + sent.Length + TagSize)..], sealedBytes.Slice(2 + sent.Length, TagSize), plain);
        return plain;
    }

    private static AesGcm CipherOf(ECDiffieHellman own, ECDiffieHellman other, ReadOnlySpan<byte> ephemeralKey, ReadOnlySpan<byte> readerKey, string purpose)
    {
        using var theirs = other.PublicKey;
        var secret = own.DeriveRawSecretAgreement(theirs);
        Span<byte> key = stackalloc byte[32];
        byte[] info = [.. "hyperbdr sealed to machine 1\0"u8, .. System.Text.Encoding.UTF8.GetBytes(purpose), 0, .. ephemeralKey, .. readerKey];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt: default, info);
        CryptographicOperations.ZeroMemory(secret);
        var cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private static ECDiffieHellman ReadKey(ReadOnlySpan<byte> der)
    {
        var key = ECDiffieHellman.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(der, out var read);
            if (read == der.Length && key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256) return key;
        }
        catch (Exception e) when (e is PlatformNotSupportedException or ArgumentException)
        {
            // Of a curve that nobody knows here.
        }
        catch (CryptographicException)
        {
            key.Dispose();
            throw;
        }

        key.Dispose();
        throw new CryptographicException("Only P-256 keys are taken.");
    }
}
