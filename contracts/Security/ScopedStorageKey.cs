using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HyperBdr.Contracts.Security;

/// <summary>What a scoped key may do.</summary>
public enum StorageRight
{
    /// <summary>Read and list below the prefix.</summary>
    Reader,
    /// <summary>As <see cref="Reader"/>, and create objects there that do not exist: neither overwrite nor delete.</summary>
    Writer,
}

/// <summary>Rights below one prefix of one bucket until a time.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">With its closing slash; empty for the whole bucket.</param>
/// <param name="Right">What is allowed.</param>
/// <param name="ExpiresAt">Unix seconds.</param>
/// <param name="Subject">Whom it was made for, for the gateway's log: a session's id.</param>
public sealed record StorageScope(string Bucket, string Prefix, StorageRight Right, long ExpiresAt, string Subject);

/// <summary>
/// Keys that the owner of a bucket on a sync gateway derives without asking it: the session token says the rights and carries their HMAC under the
/// owner's secret, and the secret of the derived key is an HMAC of the token. The gateway needs the owner's key alone to check both (ADR 0011).
/// </summary>
/// <param name="AccessKey">The owner's.</param>
/// <param name="SecretKey">For the signature (SigV4).</param>
/// <param name="SessionToken">For the header or query value <c>x-amz-security-token</c>.</param>
public sealed record ScopedStorageKey(string AccessKey, string SecretKey, string SessionToken)
{
    private const int MaxTokenLength = 4096;

    public static ScopedStorageKey Derive(string ownerAccessKey, string ownerSecret, StorageScope scope)
    {
        var says = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(scope, StorageScopeJson.Default.StorageScope));
        var token = $"{says}.{Mac(ownerSecret, "hyperbdr scope 1", says)}";
        return new ScopedStorageKey(ownerAccessKey, Mac(ownerSecret, "hyperbdr secret 1", token), token);
    }

    /// <summary>The rights of a token and the secret that its calls are signed with; null for a token that this owner did not make. Expiry is the caller's to check.</summary>
    public static (StorageScope Scope, string SecretKey)? Verify(string ownerSecret, string token)
    {
        if (token.Length > MaxTokenLength || token.Split('.') is not [var says, var mac]) return null;
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(mac), Encoding.UTF8.GetBytes(Mac(ownerSecret, "hyperbdr scope 1", says)))) return null;
        try
        {
            return JsonSerializer.Deserialize(Base64Url.DecodeFromChars(says), StorageScopeJson.Default.StorageScope) is { Bucket: not null, Prefix: not null, Subject: not null } scope && Enum.IsDefined(scope.Right)
                ? (scope, Mac(ownerSecret, "hyperbdr secret 1", token))
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    private static string Mac(string secret, string purpose, string text) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(purpose)), Encoding.UTF8.GetBytes(text)));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StorageScope))]
internal sealed partial class StorageScopeJson : JsonSerializerContext;
