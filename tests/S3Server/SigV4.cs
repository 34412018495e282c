using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.S3Testing;

/// <summary>AWS Signature Version 4, header form, and the signatures of signed chunks (Amazon S3 API Reference, 'Authenticating Requests').</summary>
internal sealed class SigV4(S3ServerOptions options)
{
    private static readonly string EmptyHash = Convert.ToHexStringLower(SHA256.HashData([]));

    /// <summary>Null when the signature holds; else the refusal.</summary>
    public S3Answer? Refusal(HttpRequest request, S3Call call, out SignedRequest signed)
    {
        signed = default;
        var parts = request.Headers.Authorization.ToString().Replace("AWS4-HMAC-SHA256 ", "", StringComparison.Ordinal).Split(',', StringSplitOptions.TrimEntries)
            .Select(p => p.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        if (!parts.TryGetValue("Credential", out var credential) || !parts.TryGetValue("SignedHeaders", out var names) || !parts.TryGetValue("Signature", out var signature)) return S3Answer.Error(403, "AccessDenied");
        var scope = credential.Split('/');
        if (scope.Length != 5 || scope[0] != options.AccessKey) return S3Answer.Error(403, "InvalidAccessKeyId");
        if (scope[2] != options.Region) return S3Answer.Error(400, "AuthorizationHeaderMalformed");
        var date = request.Headers["x-amz-date"].ToString();
        if (!DateTimeOffset.TryParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var sent)) return S3Answer.Error(403, "AccessDenied");
        if ((options.Time.GetUtcNow() - sent).Duration() > TimeSpan.FromMinutes(15)) return S3Answer.Error(403, "RequestTimeTooSkewed");

        var token = request.Headers["x-amz-security-token"].ToString();
        var secret = token.Length == 0 ? options.SecretKey : options.Tokens?.Invoke(call, token);
        if (secret is null) return S3Answer.Error(403, "AccessDenied");
        signed = new SignedRequest(KeyOf(secret, scope), date, string.Join('/', scope[1..]), signature, request.Headers["x-amz-content-sha256"].ToString());
        var text = $"AWS4-HMAC-SHA256\n{date}\n{signed.Scope}\n{Hash(Canonical(request, names, signed.ContentHash))}";
        return Sign(signed.Key, text) == signature ? null : S3Answer.Error(403, "SignatureDoesNotMatch");
    }

    /// <summary>The signature of one chunk of <c>STREAMING-AWS4-HMAC-SHA256-PAYLOAD</c>.</summary>
    public static string ChunkSignature(in SignedRequest signed, string previous, ReadOnlySpan<byte> chunk) =>
        Sign(signed.Key, $"AWS4-HMAC-SHA256-PAYLOAD\n{signed.Date}\n{signed.Scope}\n{previous}\n{EmptyHash}\n{Convert.ToHexStringLower(SHA256.HashData(chunk))}");

    /// <summary>The signature of the trailing headers, each ended by a line feed.</summary>
    public static string TrailerSignature(in SignedRequest signed, string previous, string trailers) =>
        Sign(signed.Key, $"AWS4-HMAC-SHA256-TRAILER\n{signed.Date}\n{signed.Scope}\n{previous}\n{Hash(trailers)}");

    private static string Canonical(HttpRequest request, string names, string contentHash)
    {
        var query = string.Join('&', request.Query.SelectMany(q => q.Value.Select(v => $"{Uri.EscapeDataString(q.Key)}={Uri.EscapeDataString(v ?? "")}")).Order(StringComparer.Ordinal));
        var headers = string.Concat(names.Split(';').Select(n => $"{n}:{request.Headers[n].ToString().Trim()}\n"));
        var path = string.Join('/', request.Path.Value!.Split('/').Select(Uri.EscapeDataString));
        return $"{request.Method}\n{path}\n{query}\n{headers}\n{names}\n{contentHash}";
    }

    private static byte[] KeyOf(string secret, string[] scope)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in scope[1..]) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return key;
    }

    private static string Sign(byte[] key, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>What a verified request's chunks are verified with.</summary>
internal readonly record struct SignedRequest(byte[] Key, string Date, string Scope, string Signature, string ContentHash);
