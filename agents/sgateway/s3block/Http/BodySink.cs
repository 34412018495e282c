using System.Globalization;
using System.Security.Cryptography;

namespace HyperBdr.S3Block.Http;

/// <summary>Where decoded bytes of a body go: every sum that must be verified or kept, and the writer.</summary>
internal sealed class BodySink : IDisposable
{
    private readonly SpanAction write;
    private readonly Dictionary<string, string> expected = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Digest> digests = new(StringComparer.Ordinal);
    private readonly string? contentMd5;
    private string? also;

    /// <summary>Reads from the headers what the body must be.</summary>
    /// <param name="wantMd5">For an ETag, where the body comes without a checksum that proves it.</param>
    public BodySink(S3Request request, bool wantMd5, SpanAction write)
    {
        this.write = write;
        foreach (var algorithm in Digest.Algorithms)
        {
            if (request.Header($"x-amz-checksum-{algorithm}") is { } value) expected[algorithm] = value;
        }

        contentMd5 = request.Header("Content-MD5");
        Trailer = TrailerOf(request);
        foreach (var algorithm in expected.Keys) digests[algorithm] = Digest.Of(algorithm);
        if (Trailer is not null) digests.TryAdd(Trailer, Digest.Of(Trailer));
        if (contentMd5 is not null || (wantMd5 && digests.Count == 0)) digests["md5"] = Digest.Of("md5");
        if (request.Signed.Payload is { Length: 64 } hash && hash.All(char.IsAsciiHexDigitLower))
        {
            PayloadHash = hash;
            digests.TryAdd("sha256", Digest.Of("sha256"));
        }
    }

    /// <summary>The algorithm whose value follows the body; null without.</summary>
    public string? Trailer { get; }

    public long Length { get; private set; }

    /// <summary>After <see cref="Verify"/>: by algorithm, in base64, what the client stated and what holds.</summary>
    public Dictionary<string, string> Checksums { get; } = new(StringComparer.Ordinal);

    /// <summary>After <see cref="Verify"/>: in hexadecimal; null when it was not made.</summary>
    public string? Md5 { get; private set; }

    private string? PayloadHash { get; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        foreach (var digest in digests.Values) digest.Append(bytes);
        Length += bytes.Length;
        write(bytes);
    }

    /// <summary>Makes this sum too, and keeps it though nobody stated it.</summary>
    public void Also(string algorithm)
    {
        digests.TryAdd(algorithm, Digest.Of(algorithm));
        also = algorithm;
    }

    public void Expect(string algorithm, string value) => expected[algorithm] = value;

    /// <summary>Everything that was stated of the body holds, or it is refused.</summary>
    public void Verify()
    {
        var made = digests.ToDictionary(d => d.Key, d => d.Value.Finish(), StringComparer.Ordinal);
        if (PayloadHash is not null && Convert.ToHexStringLower(made["sha256"]) != PayloadHash) throw new S3Refusal(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");
        if (made.TryGetValue("md5", out var md5))
        {
            Md5 = Convert.ToHexStringLower(md5);
            if (contentMd5 is not null && !Matches(contentMd5, md5, "Content-MD5")) throw S3Refusal.BadDigest("Content-MD5");
        }

        if (Trailer is not null && !expected.ContainsKey(Trailer)) throw new S3Refusal(400, "MalformedTrailerError", $"The trailer x-amz-checksum-{Trailer} is missing.");
        if (also is not null) Checksums[also] = Convert.ToBase64String(made[also]);
        foreach (var (algorithm, value) in expected)
        {
            if (!Matches(value, made[algorithm], $"x-amz-checksum-{algorithm}")) throw S3Refusal.BadDigest(algorithm.ToUpperInvariant());
            Checksums[algorithm] = value;
        }
    }

    public void Dispose()
    {
        foreach (var digest in digests.Values) digest.Dispose();
    }

    private static bool Matches(string stated, byte[] own, string name)
    {
        var bytes = new byte[own.Length];
        if (!Convert.TryFromBase64String(stated, bytes, out var length) || length != own.Length) throw new S3Refusal(400, name == "Content-MD5" ? "InvalidDigest" : "InvalidRequest", $"Value for {name} is invalid.");
        return CryptographicOperations.FixedTimeEquals(bytes, own);
    }

    private static string? TrailerOf(S3Request request)
    {
        if (request.Header("x-amz-trailer") is not { } name) return null;
        var trimmed = name.Trim().ToLower(CultureInfo.InvariantCulture);
        return trimmed.StartsWith("x-amz-checksum-", StringComparison.Ordinal) && Digest.Algorithms.Contains(trimmed[15..], StringComparer.Ordinal) ? trimmed[15..] : throw S3Refusal.BadRequest("The value specified in the x-amz-trailer header is not supported");
    }

    internal delegate void SpanAction(ReadOnlySpan<byte> bytes);
}
