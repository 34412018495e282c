using System.Security.Cryptography;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>Reads escrow keys from PEM (RFC 7468); never repeats what it read in an error.</summary>
internal static class EscrowPem
{
    private const string Subject = "escrow key";

    public static ECDiffieHellman Import(string pem, string? passphrase)
    {
        var key = ECDiffieHellman.Create();
        try
        {
            if (passphrase is null) key.ImportFromPem(pem);
            else key.ImportFromEncryptedPem(pem, passphrase);
            if (EscrowPoint.IsOnCurve(key)) return key;
        }
        catch (ArgumentException)
        {
            key.Dispose();
            throw new EngineException(Fault.InvalidArgument, Subject, passphrase is null
                ? "is no PEM of a key without a passphrase"
                : "is no PEM of one key with a passphrase");
        }
        catch (CryptographicException)
        {
            key.Dispose();
            throw passphrase is null
                ? new EngineException(Fault.InvalidArgument, Subject, "is no key on a known curve")
                : new EngineException(Fault.WrongKey, Subject, "does not open with this passphrase");
        }

        key.Dispose();
        throw new EngineException(Fault.InvalidArgument, Subject, "is not on the curve P-384");
    }

    public static bool HasPrivateKey(ECDiffieHellman key)
    {
        ECParameters parameters = default;
        try
        {
            parameters = key.ExportParameters(includePrivateParameters: true);
            return parameters.D is not null;
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(parameters.D);
        }
    }
}
