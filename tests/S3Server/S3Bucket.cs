using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.S3Testing;

/// <summary>The operations on objects and on the one bucket.</summary>
internal sealed class S3Bucket(ObjectTable objects, S3ServerOptions options)
{
    public async Task<S3Answer> PutAsync(HttpRequest request, string key, byte[] content, (string Header, string Value)? checksum, S3Fault fault)
    {
        var conditional = request.Headers.IfNoneMatch == "*";
        if (conditional && fault == S3Fault.NoConditions) return S3Answer.Error(501, "NotImplemented");
        var eTag = Checksums.ETagOf(content);
        var kept = fault switch
        {
            S3Fault.CutsWrites => content[..^1],
            S3Fault.CorruptsWrites => Flip(content),
            _ => content,
        };
        if (fault is S3Fault.CutsWrites or S3Fault.CorruptsWrites) checksum = checksum is var (h, _) ? (h, Checksums.Of(h, kept) ?? "") : null;
        if (fault != S3Fault.LosesWrites && !await objects.PutAsync(key, kept, eTag, checksum, conditional && fault != S3Fault.IgnoresConditions)) return S3Answer.Error(412, "PreconditionFailed");
        var answer = S3Answer.Empty();
        answer.Headers["ETag"] = eTag;
        if (checksum is var (header, value)) answer.Headers[header] = value;
        return answer;
    }

    public async Task<S3Answer> GetAsync(HttpRequest request, string key, S3Fault fault)
    {
        if (objects.Find(key) is not { } found) return S3Answer.Error(404, "NoSuchKey");
        var range = fault == S3Fault.IgnoresRange ? null : request.GetTypedHeaders().Range?.Ranges.Single();
        var headers = Facts(request, found);
        if (range is null) return new S3Answer(200, HttpMethods.IsHead(request.Method) ? default : await found.ReadAsync(0, (int)found.Length), "binary/octet-stream") { Headers = headers, Length = found.Length };
        var from = range.From ?? Math.Max(0, found.Length - range.To!.Value);
        if (from >= found.Length) return S3Answer.Error(416, "InvalidRange");
        var to = range.From is null ? found.Length - 1 : Math.Min(range.To ?? long.MaxValue, found.Length - 1);
        headers["Content-Range"] = $"bytes {from}-{to}/{found.Length}";
        // A stored checksum is of the whole object.
        if (found.Checksum is var (header, _)) headers.Remove(header);
        return new S3Answer(206, await found.ReadAsync(fault == S3Fault.WrongRange ? 0 : from, (int)(to - from + 1)), "binary/octet-stream") { Headers = headers };
    }

    public S3Answer Delete(string key, S3Fault fault)
    {
        if (fault != S3Fault.KeepsDeleted) objects.Delete(key);
        return S3Answer.Empty(204);
    }

    public S3Answer List(HttpRequest request, S3Fault fault)
    {
        var prefix = request.Query["prefix"].ToString();
        var after = request.Query["continuation-token"].ToString();
        var size = Math.Min(options.PageSize, int.TryParse(request.Query["max-keys"], out var asked) ? asked : options.PageSize);
        var names = objects.All.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(o.Key, after) > 0).OrderBy(o => o.Key, StringComparer.Ordinal).ToList();
        if (fault == S3Fault.StaleList) names = names[..(names.Count / 2)];
        var page = names.Take(size).ToList();
        var more = names.Count > page.Count;
        return S3Answer.Document("ListBucketResult",
            S3Answer.Element("Name", options.Bucket), S3Answer.Element("Prefix", prefix), S3Answer.Element("KeyCount", page.Count), S3Answer.Element("MaxKeys", size), S3Answer.Element("IsTruncated", more),
            more && page.Count > 0 ? S3Answer.Element("NextContinuationToken", page[^1].Key) : null,
            page.Select(o => S3Answer.Element("Contents", S3Answer.Element("Key", o.Key), S3Answer.Element("Size", o.Value.Length), S3Answer.Element("ETag", o.Value.ETag), S3Answer.Element("StorageClass", "STANDARD"),
                S3Answer.Element("LastModified", o.Value.ModifiedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)))).ToList());
    }

    internal static byte[] Flip(ReadOnlyMemory<byte> content)
    {
        var other = content.ToArray();
        if (other.Length > 0) other[other.Length / 2] ^= 1;
        return other;
    }

    private static Dictionary<string, string> Facts(HttpRequest request, StoredObject found)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["ETag"] = found.ETag,
            ["Last-Modified"] = found.ModifiedAt.ToString("R", CultureInfo.InvariantCulture),
            ["Accept-Ranges"] = "bytes",
        };
        if (request.Headers["x-amz-checksum-mode"] == "ENABLED" && found.Checksum is var (header, value))
        {
            headers[header] = value;
            headers["x-amz-checksum-type"] = value.Contains('-', StringComparison.Ordinal) ? "COMPOSITE" : "FULL_OBJECT";
        }

        return headers;
    }
}
