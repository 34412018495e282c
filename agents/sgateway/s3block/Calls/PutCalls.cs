using System.Security.Cryptography;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Calls;

/// <summary>PutObject and CopyObject.</summary>
internal sealed class PutCalls(DataFolder data, Space space)
{
    public const long MaxObject = 5L << 30;

    public async Task PutAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Create);
        // Refused before the body is sent where that can be told already; decided again when the body is there.
        if (NeedsLook(request)) ObjectFacts.CheckReplacing(request, data.Objects.Find(bucket, request.Key, null));
        space.Demand(BodyReader.LengthOf(request) ?? throw new S3Refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header."));
        var headers = ObjectFacts.HeadersOf(request);
        var extra = ObjectFacts.ExtraOf(request, bucket, data.Objects.Time.GetUtcNow());
        using var draft = data.Objects.NewDraft();
        using var sink = new BodySink(request, wantMd5: true, draft.Append);
        await BodyReader.ReadAsync(request, sink, MaxObject);
        var stored = await data.Objects.PublishAsync(
            bucket,
            draft,
            new Entry { Key = request.Key, Length = sink.Length, ETag = sink.Md5 ?? NewETag(), Headers = headers, Checksums = sink.Checksums.Count > 0 ? sink.Checksums : null, Extra = extra },
            current => ObjectFacts.CheckReplacing(request, current),
            request.Aborted);
        request.Http.Response.Headers.ETag = $"\"{stored.ETag}\"";
        request.AnswerVersion(bucket, stored);
        ObjectFacts.AnswerChecksums(request, stored);
    }

    public async Task CopyAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Create);
        var (from, key, version) = Source(request);
        using var source = data.Objects.Open(from, key, version);
        var entry = Readable(source, version);
        ObjectFacts.CheckReading(request, entry, "x-amz-copy-source-");
        space.Demand(entry.Length);
        var replaces = request.Header("x-amz-metadata-directive") == "REPLACE";
        if (from == bucket && key == request.Key && version is null && !replaces && request.Header("x-amz-storage-class") is null)
        {
            throw S3Refusal.BadRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.");
        }

        var extra = ObjectFacts.ExtraOf(request, bucket, data.Objects.Time.GetUtcNow());
        if (request.Header("x-amz-tagging-directive") != "REPLACE" && entry.Extra?.Tags is { } tags) extra = (extra ?? new Amendment()) with { Tags = tags };
        using var draft = data.Objects.NewDraft();
        // A copied ETag of parts would say that there are parts.
        using var md5 = entry.ETag.Contains('-', StringComparison.Ordinal) ? Digest.Of("md5") : null;
        await source!.ReadAsync(0, entry.Length, piece =>
        {
            md5?.Append(piece.Span);
            draft.Append(piece.Span);
            return ValueTask.CompletedTask;
        });
        var copied = new Entry
        {
            Key = request.Key,
            Length = entry.Length,
            ETag = md5 is null ? entry.ETag : Convert.ToHexStringLower(md5.Finish()),
            Headers = replaces ? ObjectFacts.HeadersOf(request) : entry.Headers,
            Checksums = entry.ChecksumType == "COMPOSITE" ? null : entry.Checksums,
            Extra = extra,
        };
        var stored = await data.Objects.PublishAsync(bucket, draft, copied, current => ObjectFacts.CheckReplacing(request, current), request.Aborted);
        request.AnswerVersion(bucket, stored);
        if (from.Config.Versioning != Versioning.Off) request.Http.Response.Headers["x-amz-copy-source-version-id"] = entry.VersionId;
        await Xml.AnswerAsync(request.Http, Xml.Element("CopyObjectResult", Xml.Element("ETag", $"\"{stored.ETag}\""), Xml.Element("LastModified", Xml.Time(stored.Modified)),
            (stored.Checksums ?? new Dictionary<string, string>()).Select(c => Xml.Element($"Checksum{c.Key.ToUpperInvariant()}", c.Value))));
    }

    /// <summary>What <c>x-amz-copy-source</c> names, after asking for the right to read it.</summary>
    public (Bucket Bucket, string Key, string? Version) Source(S3Request request)
    {
        var text = request.Header("x-amz-copy-source")!;
        string? version = null;
        var mark = text.IndexOf("?versionId=", StringComparison.Ordinal);
        if (mark >= 0) (version, text) = (text[(mark + 11)..], text[..mark]);
        var path = S3Request.Decode(text).TrimStart('/');
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == path.Length - 1) throw S3Refusal.Invalid("Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
        var (bucket, key) = (path[..slash], path[(slash + 1)..]);
        if (!request.Identity.May(StorageAct.Read, bucket, key)) throw S3Refusal.AccessDenied();
        return (data.Find(bucket) ?? throw S3Refusal.NoSuchBucket(), key, version);
    }

    public static Entry Readable(StoredObject? source, string? version)
    {
        if (source is null) throw version is null ? S3Refusal.NoSuchKey() : S3Refusal.NoSuchVersion();
        if (!source.Entry.Marker) return source.Entry;
        var refusal = version is null ? S3Refusal.NoSuchKey() : new S3Refusal(405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
        refusal.Headers["x-amz-delete-marker"] = "true";
        refusal.Headers["x-amz-version-id"] = source.Entry.VersionId;
        throw refusal;
    }

    /// <summary>For bodies that a checksum proves: MD5 would be a third of a PUT's processor time for nobody. The dash says that it is none.</summary>
    private static string NewETag() => $"{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}-1";

    private static bool NeedsLook(S3Request request) => request.Identity.CreatesOnly || request.Header("If-None-Match") is not null || request.Header("If-Match") is not null;
}

/// <summary>The guard of free space: what is stored must not be endangered by what comes.</summary>
internal sealed class Space(DataFolder data, long keepFree)
{
    public void Demand(long bytes)
    {
        if (data.FreeBytes() - bytes < keepFree) throw S3Refusal.Full();
    }
}
