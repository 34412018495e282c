using System.Globalization;
using System.Text;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Calls;

/// <summary>An object's headers: from a request that stores it, and onto an answer.</summary>
internal static class ObjectFacts
{
    private const int MaxMetadata = 2048;
    private const string MetadataPrefix = "x-amz-meta-";

    private static readonly string[] ContentHeaders = ["Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires", "x-amz-website-redirect-location"];
    private static readonly string[] Overridable = ["Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"];

    public static IReadOnlyDictionary<string, string>? HeadersOf(S3Request request)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in ContentHeaders)
        {
            if (request.Header(name) is { } value && (name != "Content-Encoding" || (value = WithoutChunked(value)).Length > 0)) headers[name.ToLowerInvariant()] = value;
        }

        var size = 0;
        foreach (var (name, value) in request.Http.Request.Headers.Where(h => h.Key.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase)))
        {
            var text = string.Join(',', value.ToArray());
            size += Encoding.UTF8.GetByteCount(name) - MetadataPrefix.Length + Encoding.UTF8.GetByteCount(text);
            headers[name.ToLowerInvariant()] = text;
        }

        if (size > MaxMetadata) throw new S3Refusal(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.");
        return headers.Count > 0 ? headers : null;
    }

    /// <summary>Tags and protection that come with the object, or the bucket's default protection.</summary>
    public static Amendment? ExtraOf(S3Request request, Bucket bucket, DateTimeOffset now)
    {
        var extra = LockCalls.FromHeaders(request, bucket, now);
        if (request.Header("x-amz-tagging") is { } tagging) extra = (extra ?? new Amendment()) with { Tags = TagCalls.Parse(tagging) };
        return extra;
    }

    public static void Answer(S3Request request, Bucket bucket, Entry entry, bool whole)
    {
        var headers = request.Http.Response.Headers;
        foreach (var (name, value) in entry.Headers ?? new Dictionary<string, string>()) headers[name] = value;
        if (!headers.ContainsKey("Content-Type")) headers.ContentType = "binary/octet-stream";
        foreach (var name in Overridable)
        {
            if (request[$"response-{name.ToLowerInvariant()}"] is { } other) headers[name] = other;
        }

        headers.ETag = $"\"{entry.ETag}\"";
        headers.LastModified = entry.Modified.ToString("R", CultureInfo.InvariantCulture);
        headers.AcceptRanges = "bytes";
        request.AnswerVersion(bucket, entry);
        if (whole && request.Header("x-amz-checksum-mode")?.Equals("ENABLED", StringComparison.OrdinalIgnoreCase) == true) AnswerChecksums(request, entry);
        if (entry.Extra is not { } extra) return;
        if (extra.Tags is { Count: > 0 } tags) headers["x-amz-tagging-count"] = tags.Count.ToString(CultureInfo.InvariantCulture);
        if (extra.Mode is { } mode && extra.RetainUntil is { } until)
        {
            headers["x-amz-object-lock-mode"] = mode.ToString();
            headers["x-amz-object-lock-retain-until-date"] = Xml.Time(DateTimeOffset.FromUnixTimeMilliseconds(until));
        }

        if (extra.LegalHold) headers["x-amz-object-lock-legal-hold"] = "ON";
    }

    public static void AnswerChecksums(S3Request request, Entry entry)
    {
        if (entry.Checksums is not { Count: > 0 } sums) return;
        foreach (var (algorithm, value) in sums) request.Http.Response.Headers[$"x-amz-checksum-{algorithm}"] = value;
        request.Http.Response.Headers["x-amz-checksum-type"] = entry.ChecksumType ?? "FULL_OBJECT";
    }

    /// <summary>If-Match and If-None-Match of a request that would store an object, and the right to replace one.</summary>
    public static void CheckReplacing(S3Request request, Entry? current)
    {
        var there = current is { Marker: false };
        if (request.Header("If-None-Match") is { } none)
        {
            if (none != "*") throw S3Refusal.NotImplemented("A header you provided implies functionality that is not implemented: If-None-Match other than *.");
            if (there) throw S3Refusal.Precondition();
        }

        if (request.Header("If-Match") is { } match)
        {
            if (!there) throw S3Refusal.NoSuchKey();
            if (match != "*" && match.Trim('"') != current!.ETag) throw S3Refusal.Precondition();
        }

        // A delete marker of the owner's covers something too: a writer does not bring the key back.
        if (current is not null && request.Identity.CreatesOnly) throw S3Refusal.AccessDenied("This key may create objects and not replace them.");
    }

    /// <summary>Of a GET, HEAD or copy: 304 or 412 where the condition does not hold (RFC 9110, section 13.2.2).</summary>
    /// <param name="prefix">Of the headers: empty, or <c>x-amz-copy-source-</c>.</param>
    public static void CheckReading(S3Request request, Entry entry, string prefix)
    {
        var unchanged = prefix.Length == 0 ? new S3Refusal(304, "NotModified", "Not modified.") : S3Refusal.Precondition();
        if (prefix.Length == 0)
        {
            unchanged.Headers["ETag"] = $"\"{entry.ETag}\"";
            unchanged.Headers["Last-Modified"] = entry.Modified.ToString("R", CultureInfo.InvariantCulture);
        }

        var modified = DateTimeOffset.FromUnixTimeSeconds(entry.Modified.ToUnixTimeSeconds());
        if (request.Header($"{prefix}if-match") is { } match)
        {
            if (!Names(match, entry.ETag)) throw S3Refusal.Precondition();
        }
        else if (Date(request.Header($"{prefix}if-unmodified-since")) is { } unmodified && modified > unmodified)
        {
            throw S3Refusal.Precondition();
        }

        if (request.Header($"{prefix}if-none-match") is { } none)
        {
            if (Names(none, entry.ETag)) throw unchanged;
        }
        else if (Date(request.Header($"{prefix}if-modified-since")) is { } since && modified <= since)
        {
            throw unchanged;
        }
    }

    private static bool Names(string list, string eTag) => list.Split(',', StringSplitOptions.TrimEntries).Any(e => e == "*" || e.Trim('"') == eTag);

    private static DateTimeOffset? Date(string? header) =>
        DateTimeOffset.TryParse(header, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;

    private static string WithoutChunked(string encoding) => string.Join(", ", encoding.Split(',', StringSplitOptions.TrimEntries).Where(e => !e.Equals("aws-chunked", StringComparison.OrdinalIgnoreCase)));
}
