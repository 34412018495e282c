using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Xml.Linq;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Calls;

/// <summary>ListObjects, ListObjectsV2 and ListObjectVersions.</summary>
internal sealed class ListCalls(DataFolder data)
{
    private const int MaxKeys = 1000;

    public async Task ObjectsAsync(S3Request request, Bucket bucket)
    {
        var asked = Asked.Of(request);
        var second = request["list-type"] == "2";
        var token = second ? request["continuation-token"] : null;
        var marker = (second ? request["start-after"] : request["marker"]) ?? "";
        var page = Collect(bucket, asked, r => Begin(r, asked, token, marker), marker, currentOnly: true);
        var answer = new List<object?> { Xml.Element("Name", bucket.Name), Xml.Element("Prefix", asked.Say(asked.Prefix)), Xml.Element("MaxKeys", asked.Max), asked.Delimiter.Length > 0 ? Xml.Element("Delimiter", asked.Say(asked.Delimiter)) : null, asked.Encode ? Xml.Element("EncodingType", "url") : null, Xml.Element("IsTruncated", page.Truncated ? "true" : "false") };
        if (second)
        {
            answer.Add(Xml.Element("KeyCount", page.Rows.Count + page.Prefixes.Count));
            if (token is not null) answer.Add(Xml.Element("ContinuationToken", token));
            if (marker.Length > 0) answer.Add(Xml.Element("StartAfter", asked.Say(marker)));
            if (page.Truncated) answer.Add(Xml.Element("NextContinuationToken", Token(page)));
        }
        else
        {
            answer.Add(Xml.Element("Marker", asked.Say(marker)));
            if (page.Truncated) answer.Add(Xml.Element("NextMarker", asked.Say(page.Last)));
        }

        var owner = !second || request["fetch-owner"] == "true" ? BucketCalls.Owner("Owner", bucket.Config.Owner) : null;
        answer.AddRange(page.Rows.Select(r => Xml.Element("Contents", Xml.Element("Key", asked.Say(r.Key)), Facts(r), owner)));
        answer.AddRange(page.Prefixes.Select(p => Xml.Element("CommonPrefixes", Xml.Element("Prefix", asked.Say(p)))));
        await Xml.AnswerAsync(request.Http, Xml.Element("ListBucketResult", [.. answer]));
    }

    public async Task VersionsAsync(S3Request request, Bucket bucket)
    {
        var asked = Asked.Of(request);
        var (keyMarker, idMarker) = (request["key-marker"] ?? "", request["version-id-marker"] ?? "");
        var page = Collect(bucket, asked, r => BeginVersions(r, bucket, asked, keyMarker, idMarker), keyMarker, currentOnly: false);
        var answer = new List<object?>
        {
            Xml.Element("Name", bucket.Name), Xml.Element("Prefix", asked.Say(asked.Prefix)), Xml.Element("KeyMarker", asked.Say(keyMarker)), Xml.Element("VersionIdMarker", idMarker), Xml.Element("MaxKeys", asked.Max),
            asked.Delimiter.Length > 0 ? Xml.Element("Delimiter", asked.Say(asked.Delimiter)) : null, asked.Encode ? Xml.Element("EncodingType", "url") : null, Xml.Element("IsTruncated", page.Truncated ? "true" : "false"),
        };
        if (page.Truncated)
        {
            answer.Add(Xml.Element("NextKeyMarker", asked.Say(page.Last)));
            if (!page.LastIsPrefix) answer.Add(Xml.Element("NextVersionIdMarker", page.Rows[^1].VersionId));
        }

        var owner = BucketCalls.Owner("Owner", bucket.Config.Owner);
        answer.AddRange(page.Rows.Select(r => Xml.Element(r.Marker ? "DeleteMarker" : "Version", Xml.Element("Key", asked.Say(r.Key)), Xml.Element("VersionId", r.VersionId), Xml.Element("IsLatest", r.Latest ? "true" : "false"),
            r.Marker ? Xml.Element("LastModified", Xml.Time(r.Modified)) : Facts(r), owner)));
        answer.AddRange(page.Prefixes.Select(p => Xml.Element("CommonPrefixes", Xml.Element("Prefix", asked.Say(p)))));
        await Xml.AnswerAsync(request.Http, Xml.Element("ListVersionsResult", [.. answer]));
    }

    private Page Collect(Bucket bucket, Asked asked, Action<IndexReader> begin, string marker, bool currentOnly)
    {
        var page = new Page();
        if (asked.Max == 0) return page;
        using var rows = data.Index.Read(bucket.Name, currentOnly);
        begin(rows);
        while (rows.Next() is { } row && row.Key.StartsWith(asked.Prefix, StringComparison.Ordinal))
        {
            var cut = asked.Delimiter.Length == 0 ? -1 : row.Key.IndexOf(asked.Delimiter, asked.Prefix.Length, StringComparison.Ordinal);
            var common = cut < 0 ? null : row.Key[..(cut + asked.Delimiter.Length)];
            if (common is not null && common == marker)
            {
                rows.SeekTo(Behind(common));
                continue;
            }

            if (page.Rows.Count + page.Prefixes.Count == asked.Max)
            {
                page.Truncated = true;
                break;
            }

            (page.Last, page.LastIsPrefix) = (common ?? row.Key, common is not null);
            if (common is null)
            {
                page.Rows.Add(row);
                continue;
            }

            page.Prefixes.Add(common);
            rows.SeekTo(Behind(common));
        }

        return page;
    }

    private static void Begin(IndexReader rows, Asked asked, string? token, string marker)
    {
        if (token is not null)
        {
            var (key, isPrefix) = Parse(token);
            if (isPrefix) rows.SeekTo(Behind(key));
            else rows.SeekBehind(Encoding.UTF8.GetBytes(key), null);
        }
        else if (marker.Length == 0 || Utf8Order.Instance.Compare(marker, asked.Prefix) < 0)
        {
            rows.SeekTo(Encoding.UTF8.GetBytes(asked.Prefix));
        }
        else
        {
            rows.SeekBehind(Encoding.UTF8.GetBytes(marker), null);
        }
    }

    private void BeginVersions(IndexReader rows, Bucket bucket, Asked asked, string keyMarker, string idMarker)
    {
        if (keyMarker.Length == 0 || Utf8Order.Instance.Compare(keyMarker, asked.Prefix) < 0) rows.SeekTo(Encoding.UTF8.GetBytes(asked.Prefix));
        else if (idMarker.Length == 0) rows.SeekBehind(Encoding.UTF8.GetBytes(keyMarker), null);
        else rows.SeekBehind(Encoding.UTF8.GetBytes(keyMarker), idMarker == Entry.NullVersion ? data.Objects.Find(bucket, keyMarker, Entry.NullVersion)?.Id : idMarker);
    }

    /// <summary>The first bytes that sort behind everything that begins so: the last byte of UTF-8 is never 255.</summary>
    private static byte[] Behind(string prefix)
    {
        var bytes = Encoding.UTF8.GetBytes(prefix);
        bytes[^1]++;
        return bytes;
    }

    private static XElement[] Facts(IndexRow row) =>
        [Xml.Element("LastModified", Xml.Time(row.Modified)), Xml.Element("ETag", $"\"{row.ETag}\""), Xml.Element("Size", row.Length.ToString(CultureInfo.InvariantCulture)), Xml.Element("StorageClass", "STANDARD")];

    private static string Token(Page page) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes((page.LastIsPrefix ? "p" : "k") + page.Last));

    private static (string Key, bool IsPrefix) Parse(string token)
    {
        if (token.Length <= 4096 && Base64Url.IsValid(token) && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)) is ['k' or 'p', ..] text && text.Length > 1) return (text[1..], text[0] == 'p');
        throw S3Refusal.Invalid("The continuation token provided is incorrect");
    }

    private sealed class Page
    {
        public List<IndexRow> Rows { get; } = [];

        public List<string> Prefixes { get; } = [];

        public bool Truncated { get; set; }

        public string Last { get; set; } = "";

        public bool LastIsPrefix { get; set; }
    }

    private sealed record Asked(string Prefix, string Delimiter, int Max, bool Encode)
    {
        public static Asked Of(S3Request request)
        {
            var prefix = request["prefix"] ?? "";
            request.Demand(StorageAct.List, prefix);
            if (request["encoding-type"] is { Length: > 0 } encoding && encoding != "url") throw S3Refusal.Invalid("Invalid Encoding Method specified in Request");
            return new Asked(prefix, request["delimiter"] ?? "", request.Number("max-keys", MaxKeys, 0, MaxKeys), request["encoding-type"] == "url");
        }

        public string Say(string text) => Encode ? Uri.EscapeDataString(text).Replace("%2F", "/", StringComparison.Ordinal) : text;
    }
}
