using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults;

namespace HyperBdr.Identity.Licences;

/// <summary>Whose signature makes an activation code; section <c>Identity:Licences</c>.</summary>
internal sealed record LicenceOptions
{
    /// <summary>Public keys (PEM, P-256) of the seller; the one before a change stays until its codes are used.</summary>
    public string[] SellerKeys { get; init; } = [];

    /// <summary>Hosts that a new customer may protect before the first activation; 0 for none.</summary>
    public int EvaluationUnits { get; init; } = 100;

    public int EvaluationDays { get; init; } = 90;
}

/// <summary>What a seller signed.</summary>
/// <param name="Id">Unique; a code is activated once.</param>
/// <param name="Registration">The registration code that the customer sent.</param>
public sealed record ActivationGrant(string Id, string Registration, string Kind, int Units, int Days);

/// <summary>An activation code: <c>HBDR1.payload.signature</c>, base64url; the signature is ECDSA P-256 with SHA-256 over <c>HBDR1.payload</c>.</summary>
internal static class ActivationCode
{
    private const string Version = "HBDR1";
    private const int Longest = 2000;

    public static readonly Error NoSeller = new(ErrorKind.Conflict, "identity.licence.no_seller", "This installation knows no seller's key; its operator has to set one before codes can be activated.");
    public static readonly Error Invalid = Error.Field("activation_code", "This is not an activation code of the seller.") with { Code = "identity.licence.code_invalid", Message = "This is not an activation code of the seller." };

    /// <summary>What a customer sends to the seller: the same for the same customer and kind, and of no use elsewhere.</summary>
    public static string RegistrationOf(Guid tenant, string kind)
    {
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"hyperbdr registration {tenant} {kind}")));
        return string.Join('-', Enumerable.Range(0, 5).Select(i => hash.Substring(i * 4, 4)));
    }

    public static Result<ActivationGrant> Read(string text, LicenceOptions options)
    {
        if (options.SellerKeys.Length == 0) return NoSeller;
        if (text.Length > Longest || text.Trim().Split('.') is not [Version, var payload, var signature]) return Invalid;
        try
        {
            var signed = Encoding.ASCII.GetBytes($"{Version}.{payload}");
            var proof = Base64Url.DecodeFromChars(signature);
            if (!Array.Exists(options.SellerKeys, pem => Signed(pem, signed, proof))) return Invalid;
            var grant = JsonSerializer.Deserialize<ActivationGrant>(Base64Url.DecodeFromChars(payload), Json.Options);
            return grant is { Id.Length: > 0 and <= 64, Registration.Length: > 0, Kind: not null, Units: > 0 and <= 1_000_000, Days: > 0 and <= 36_500 } && Domain.Licence.Kinds.Contains(grant.Kind) ? grant : Invalid;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return Invalid;
        }
    }

    private static bool Signed(string pem, byte[] content, byte[] proof)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return key.VerifyData(content, proof, HashAlgorithmName.SHA256);
    }
}
