using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>Points of the curve P-384 in the uncompressed form of SEC 1, 2.3.3, and the agreement between them.</summary>
internal static class EscrowPoint
{
    public const int Size = 1 + (2 * CoordinateSize);
    private const int CoordinateSize = 48;
    private const byte Uncompressed = 4;
    private const string CurveId = "1.3.132.0.34";

    public static byte[] Write(ECDiffieHellman key)
    {
        var point = key.ExportParameters(includePrivateParameters: false);
        return [Uncompressed, .. point.Q.X!, .. point.Q.Y!];
    }

    /// <summary>Null for bytes that are no point of the curve.</summary>
    public static ECDiffieHellman? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size || bytes[0] != Uncompressed) return null;
        try
        {
            return ECDiffieHellman.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP384,
                Q = new() { X = bytes.Slice(1, CoordinateSize).ToArray(), Y = bytes[(1 + CoordinateSize)..].ToArray() },
            });
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public static bool IsOnCurve(ECDiffieHellman key) =>
        string.Equals(key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value, CurveId, StringComparison.Ordinal);

    /// <summary>HKDF of the shared x coordinate, bound to the slot's salt and to both points.</summary>
    public static SecretBytes Agree(ECDiffieHellman mine, ECDiffieHellman theirs, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> fields)
    {
        using var other = theirs.PublicKey;
        var shared = mine.DeriveRawSecretAgreement(other);
        try
        {
            var key = new SecretBytes(KeyDerivation.KeySize);
            KeyDerivation.Derive(shared, salt, [.. "hyperbdr/1/escrow\0"u8, .. fields], key.Span);
            return key;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(shared);
        }
    }
}
