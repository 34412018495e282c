using System.Globalization;
using System.Security.Cryptography;

namespace HyperBdr.Identity.Credentials;

/// <summary>PBKDF2 with HMAC-SHA512; form <c>pbkdf2-sha512$iterations$salt$key</c> (base64), so that the cost can rise later.</summary>
/// <remarks>At most one computation per processor at a time: a flood of sign-ins waits and does not starve the rest of the service.</remarks>
public sealed class PasswordHashing : IDisposable
{
    internal const int Iterations = 210_000;
    private const int SaltSize = 16;
    private const int KeySize = 32;
    private const string Scheme = "pbkdf2-sha512";
    private readonly SemaphoreSlim lanes = new(Environment.ProcessorCount);

    /// <summary>Costs the same as any other, and no password opens it: unknown users take as long as known ones.</summary>
    private readonly string nobody = Format(Iterations, RandomNumberGenerator.GetBytes(SaltSize), RandomNumberGenerator.GetBytes(KeySize));

    public async Task<string> HashAsync(string password, CancellationToken ct)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        return Format(Iterations, salt, await DeriveAsync(password, salt, Iterations, ct));
    }

    /// <param name="stored">Null for an account that does not exist: false, after the same work.</param>
    public async Task<bool> VerifyAsync(string password, string? stored, CancellationToken ct)
    {
        if ((stored ?? nobody).Split('$') is not [Scheme, var iterations, var salt, var key]) throw new InvalidDataException("A stored password hash is damaged.");
        var derived = await DeriveAsync(password, Convert.FromBase64String(salt), int.Parse(iterations, CultureInfo.InvariantCulture), ct);
        return CryptographicOperations.FixedTimeEquals(derived, Convert.FromBase64String(key)) && stored is not null;
    }

    public void Dispose() => lanes.Dispose();

    private static string Format(int iterations, byte[] salt, byte[] key) =>
        string.Create(CultureInfo.InvariantCulture, $"{Scheme}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}");

    private async Task<byte[]> DeriveAsync(string password, byte[] salt, int iterations, CancellationToken ct)
    {
        await lanes.WaitAsync(ct);
        try
        {
            return await Task.Run(() => Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA512, KeySize), ct);
        }
        finally
        {
            lanes.Release();
        }
    }
}
