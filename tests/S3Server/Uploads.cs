using System.Collections.Concurrent;
using System.Globalization;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.S3Testing;

/// <summary>Multipart uploads: parts until one completion makes them an object, at once or not at all.</summary>
internal sealed class Uploads(ObjectTable objects, S3ServerOptions options)
{
    private readonly ConcurrentDictionary<string, Upload> open = new(StringComparer.Ordinal);

    public int Open => open.Count;

    public S3Answer Create(HttpRequest request, string key)
    {
        var id = $"{Guid.CreateVersion7():n}";
        open[id] = new Upload(key, options.Time.GetUtcNow(), request.Headers["x-amz-checksum-algorithm"].ToString().ToLowerInvariant());
        return S3Answer.Document("InitiateMultipartUploadResult", S3Answer.Element("Bucket", options.Bucket), S3Answer.Element("Key", key), S3Answer.Element("UploadId", id));
    }

    public S3Answer PutPart(HttpRequest request, byte[] content, (string Header, string Value)? checksum)
    {
        if (!open.TryGetValue(request.Query["uploadId"].ToString(), out var upload)) return S3Answer.Error(404, "NoSuchUpload");
        if (!int.TryParse(request.Query["partNumber"], out var number) || number is < 1 or > 10_000) return S3Answer.Error(400, "InvalidArgument");
        var eTag = Checksums.ETagOf(content);
        upload.Parts[number] = new Part(content, eTag, checksum);
        var answer = S3Answer.Empty();
        answer.Headers["ETag"] = eTag;
        if (checksum is var (header, value)) answer.Headers[header] = value;
        return answer;
    }

    public async Task<S3Answer> CompleteAsync(HttpRequest request, string key, byte[] body, S3Fault fault)
    {
        var id = request.Query["uploadId"].ToString();
        if (!open.TryGetValue(id, out var upload) || upload.Key != key) return S3Answer.Error(404, "NoSuchUpload");
        var parts = new List<Part>();
        foreach (var named in XDocument.Parse(System.Text.Encoding.UTF8.GetString(body)).Root!.Elements().Where(e => e.Name.LocalName == "Part"))
        {
            var fields = named.Elements().ToDictionary(e => e.Name.LocalName, e => e.Value, StringComparer.Ordinal);
            if (!upload.Parts.TryGetValue(int.Parse(fields["PartNumber"], CultureInfo.InvariantCulture), out var part) || part.ETag.Trim('"') != fields["ETag"].Trim('"')) return S3Answer.Error(400, "InvalidPart");
            parts.Add(part);
        }

        if (parts.Count == 0) return S3Answer.Error(400, "MalformedXML");
        if (parts.SkipLast(1).Any(p => p.Content.Length < options.MinPartBytes)) return S3Answer.Error(400, "EntityTooSmall");
        if (fault == S3Fault.LosesPart) parts.RemoveAt(parts.Count - 1);
        var content = Join(parts);
        var eTag = $"{Checksums.ETagOf(System.Text.Encoding.ASCII.GetBytes(string.Concat(parts.Select(p => p.ETag)))).TrimEnd('"')}-{parts.Count}\"";
        var checksum = Composite(upload, parts);
        if (!await objects.PutAsync(key, content, eTag, checksum, request.Headers.IfNoneMatch == "*")) return S3Answer.Error(412, "PreconditionFailed");
        open.TryRemove(id, out _);
        return S3Answer.Document("CompleteMultipartUploadResult", S3Answer.Element("Bucket", options.Bucket), S3Answer.Element("Key", key), S3Answer.Element("ETag", eTag),
            checksum is var (header, value) ? S3Answer.Element($"Checksum{header[Checksums.Prefix.Length..].ToUpperInvariant()}", value) : null);
    }

    public S3Answer Abort(HttpRequest request) =>
        open.TryRemove(request.Query["uploadId"].ToString(), out _) ? S3Answer.Empty(204) : S3Answer.Error(404, "NoSuchUpload");

    public S3Answer List(HttpRequest request)
    {
        var prefix = request.Query["prefix"].ToString();
        return S3Answer.Document("ListMultipartUploadsResult", S3Answer.Element("Bucket", options.Bucket), S3Answer.Element("IsTruncated", false),
            open.Where(u => u.Value.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(u => S3Answer.Element("Upload", S3Answer.Element("Key", u.Value.Key), S3Answer.Element("UploadId", u.Key),
                S3Answer.Element("Initiated", u.Value.Began.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)))).ToList());
    }

    /// <summary>The checksum of the parts' checksums, as S3 makes it: <c>base64-N</c>.</summary>
    private static (string, string)? Composite(Upload upload, List<Part> parts)
    {
        if (upload.Algorithm.Length == 0 || parts.Exists(p => p.Checksum is null)) return null;
        var header = Checksums.Prefix + upload.Algorithm;
        return Checksums.Of(header, parts.SelectMany(p => Convert.FromBase64String(p.Checksum!.Value.Value)).ToArray()) is { } value ? (header, $"{value}-{parts.Count}") : null;
    }

    private static byte[] Join(List<Part> parts)
    {
        var content = new byte[parts.Sum(p => p.Content.Length)];
        var at = 0;
        foreach (var part in parts)
        {
            part.Content.CopyTo(content, at);
            at += part.Content.Length;
        }

        return content;
    }

    private sealed record Upload(string Key, DateTimeOffset Began, string Algorithm)
    {
        public ConcurrentDictionary<int, Part> Parts { get; } = new();
    }

    private sealed record Part(byte[] Content, string ETag, (string Header, string Value)? Checksum);
}
