using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HyperBdr.S3Block.Keys;

namespace HyperBdr.S3Block.Http;

/// <summary>What a verified request's payload is verified with.</summary>
/// <param name="Key">The signing key of day and region.</param>
/// <param name="Payload">The value of <c>x-amz-content-sha256</c>.</param>
internal sealed record SignedRequest(byte[] Key, string Date, string Scope, string Signature, string Payload);

/// <summary>AWS Signature Version 4 (Amazon S3 API Reference, 'Authenticating Requests'): header and query form.</summary>
internal sealed class SigV4(KeyRegistry keys, TimeProvider time)
{
    public const string UnsignedPayload = "UNSIGNED-PAYLOAD";

    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string DateFormat = "yyyyMMdd'T'HHmmss'Z'";
    private const int MaxExpires = 7 * 24 * 3600;

    private static readonly TimeSpan MaxSkew = TimeSpan.FromMinutes(15);
    private static readonly string EmptyHash = Convert.ToHexStringLower(SHA256.HashData([]));

    /// <exception cref="S3Refusal">Whoever sent it did not prove that it has a key.</exception>
    public (Identity Identity, SignedRequest Signed) Verify(S3Request request)
    {
        var claim = request.Header("Authorization") is { } header ? FromHeader(request, header) : FromQuery(request);
        var scope = claim.Credential.Split('/');
        if (scope.Length != 5 || scope[3] != "s3" || scope[4] != "aws4_request") throw new S3Refusal(400, "AuthorizationHeaderMalformed", "The credential must be <key>/<day>/<region>/s3/aws4_request.");
        if (!claim.Date.StartsWith(scope[1], StringComparison.Ordinal) || scope[1].Length != 8) throw new S3Refusal(400, "AuthorizationHeaderMalformed", "The credential's day is not the request's.");
        CheckTime(claim);
        CheckSigned(request, claim);

        var owner = keys.Find(scope[0]) ?? throw new S3Refusal(403, "InvalidAccessKeyId", "The AWS access key ID you provided does not exist in our records.");
        var (identity, secret) = IdentityOf(owner, claim.Token);
        var signed = new SignedRequest(SigningKey(secret, scope), claim.Date, string.Join('/', scope[1..]), claim.Signature, claim.Payload);
        var text = $"{Algorithm}\n{claim.Date}\n{signed.Scope}\n{Hash(Canonical(request, claim))}";
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Sign(signed.Key, text)), Encoding.UTF8.GetBytes(claim.Signature))) throw S3Refusal.Signature();
        return (identity, signed);
    }

    /// <summary>The signature of one chunk, whose SHA-256 is given.</summary>
    public static string ChunkSignature(SignedRequest signed, string previous, ReadOnlySpan<byte> chunkHash) =>
        Sign(signed.Key, $"AWS4-HMAC-SHA256-PAYLOAD\n{signed.Date}\n{signed.Scope}\n{previous}\n{EmptyHash}\n{Convert.ToHexStringLower(chunkHash)}");

    /// <summary>The signature of the trailing headers, each ended by a line feed.</summary>
    public static string TrailerSignature(SignedRequest signed, string previous, string trailers) =>
        Sign(signed.Key, $"AWS4-HMAC-SHA256-TRAILER\n{signed.Date}\n{signed.Scope}\n{previous}\n{Hash(trailers)}");

    private static Claim FromHeader(S3Request request, string header)
    {
        if (!header.StartsWith(Algorithm, StringComparison.Ordinal)) throw S3Refusal.BadRequest($"The authorization mechanism you have provided is not supported. Please use {Algorithm}.");
        string credential = "", names = "", signature = "";
        foreach (var part in header[Algorithm.Length..].Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.StartsWith("Credential=", StringComparison.Ordinal)) credential = part[11..];
            else if (part.StartsWith("SignedHeaders=", StringComparison.Ordinal)) names = part[14..];
            else if (part.StartsWith("Signature=", StringComparison.Ordinal)) signature = part[10..];
        }

        if (credential.Length == 0 || names.Length == 0 || signature.Length == 0) throw new S3Refusal(400, "AuthorizationHeaderMalformed", "The authorization header is malformed.");
        var payload = request.Header("x-amz-content-sha256") ?? throw S3Refusal.BadRequest("Missing required header for this request: x-amz-content-sha256");
        return new Claim(credential, names, signature, request.Header("x-amz-date") ?? FromDate(request), payload, request.Header("x-amz-security-token"), null);
    }

    private static Claim FromQuery(S3Request request)
    {
        if (request["X-Amz-Algorithm"] is not { } algorithm) throw S3Refusal.AccessDenied();
        if (algorithm != Algorithm || request["X-Amz-Credential"] is not { } credential || request["X-Amz-Date"] is not { } date || request["X-Amz-SignedHeaders"] is not { } names || request["X-Amz-Signature"] is not { } signature
            || !int.TryParse(request["X-Amz-Expires"], NumberStyles.None, CultureInfo.InvariantCulture, out var expires) || expires is < 1 or > MaxExpires)
        {
            throw new S3Refusal(400, "AuthorizationQueryParametersError", "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders and X-Amz-Expires (1 to 604800) parameters.");
        }

        return new Claim(credential, names, signature, date, request["X-Amz-Content-Sha256"] ?? request.Header("x-amz-content-sha256") ?? UnsignedPayload, request["X-Amz-Security-Token"], expires);
    }

    private static string FromDate(S3Request request) =>
        DateTimeOffset.TryParseExact(request.Header("Date"), "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date.ToString(DateFormat, CultureInfo.InvariantCulture) : throw S3Refusal.AccessDenied("AWS authentication requires a valid Date or x-amz-date header.");

    private void CheckTime(Claim claim)
    {
        if (!DateTimeOffset.TryParseExact(claim.Date, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var sent)) throw S3Refusal.AccessDenied("AWS authentication requires a valid Date or x-amz-date header.");
        var now = time.GetUtcNow();
        if (claim.Expires is { } seconds && now > sent.AddSeconds(seconds)) throw S3Refusal.AccessDenied("Request has expired");
        if (sent - now > MaxSkew || (claim.Expires is null && now - sent > MaxSkew)) throw new S3Refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.");
    }

    private static void CheckSigned(S3Request request, Claim claim)
    {
        var names = claim.Names.Split(';');
        if (!names.Contains("host", StringComparer.Ordinal)) throw S3Refusal.AccessDenied("The host header must be signed.");
        foreach (var header in request.Http.Request.Headers.Keys)
        {
            // What anybody on the way could add must not change what the request means.
            if (header.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase) && !names.Contains(header, StringComparer.OrdinalIgnoreCase) && !(claim.Expires is not null && header.Equals("x-amz-content-sha256", StringComparison.OrdinalIgnoreCase)))
            {
                throw S3Refusal.AccessDenied($"There were headers present in the request which were not signed: {header}");
            }
        }
    }

    private (Identity Identity, string Secret) IdentityOf(OwnerKey owner, string? token)
    {
        if (token is null) return (new Identity(owner, null), owner.Secret);
        if (Contracts.Security.ScopedStorageKey.Verify(owner.Secret, token) is not var (scope, secret)) throw new S3Refusal(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
        if (DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(scope.ExpiresAt, 0, 253_402_300_799)) <= time.GetUtcNow()) throw new S3Refusal(400, "ExpiredToken", "The provided token has expired.");
        return (new Identity(owner, scope), secret);
    }

    private static string Canonical(S3Request request, Claim claim)
    {
        var text = new StringBuilder(1024);
        text.Append(request.Method).Append('\n').Append(Encode(request.Path, true)).Append('\n');
        text.AppendJoin('&', request.Query.Where(q => q.Key != "X-Amz-Signature").Select(q => (Name: Encode(q.Key, false), Value: Encode(q.Value, false)))
            .OrderBy(q => q.Name, StringComparer.Ordinal).ThenBy(q => q.Value, StringComparer.Ordinal).Select(q => $"{q.Name}={q.Value}")).Append('\n');
        foreach (var name in claim.Names.Split(';'))
        {
            var values = request.Http.Request.Headers[name];
            text.Append(name).Append(':').AppendJoin(',', values.Select(v => Squeeze(v ?? ""))).Append('\n');
        }

        return text.Append('\n').Append(claim.Names).Append('\n').Append(claim.Payload).ToString();
    }

    private static string Squeeze(string value)
    {
        value = value.Trim();
        while (value.Contains("  ", StringComparison.Ordinal)) value = value.Replace("  ", " ", StringComparison.Ordinal);
        return value;
    }

    private static string Encode(string text, bool keepSlash) => keepSlash
        ? string.Join('/', text.Split('/').Select(Uri.EscapeDataString))
        : Uri.EscapeDataString(text);

    private static byte[] SigningKey(string secret, string[] scope)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in scope[1..]) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return key;
    }

    private static string Sign(byte[] key, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private sealed record Claim(string Credential, string Names, string Signature, string Date, string Payload, string? Token, int? Expires);
}
