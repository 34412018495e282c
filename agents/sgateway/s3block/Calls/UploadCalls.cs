using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Calls;

/// <summary>Multipart uploads but for their completion.</summary>
internal sealed class UploadCalls(DataFolder data, Space space, PutCalls puts)
{
    private const int MaxParts = 10_000;
    private const int Page = 1000;

    public async Task CreateAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Create);
        space.Demand(0);
        if (request.Identity.CreatesOnly) ObjectFacts.CheckReplacing(request, data.Objects.Find(bucket, request.Key, null));
        var algorithm = request.Header("x-amz-checksum-algorithm")?.ToLowerInvariant();
        if (algorithm is not null && !Digest.Algorithms.Contains(algorithm, StringComparer.Ordinal)) throw S3Refusal.BadRequest("Checksum algorithm provided is unsupported.");
        var type = TypeOf(algorithm, request.Header("x-amz-checksum-type"));
        var upload = await data.Uploads.BeginAsync(
            bucket,
            new Upload { Id = "", Bucket = bucket.Name, Key = request.Key, Initiator = request.Identity.Name, Headers = ObjectFacts.HeadersOf(request), Extra = ObjectFacts.ExtraOf(request, bucket, data.Objects.Time.GetUtcNow()), Algorithm = algorithm, ChecksumType = type },
            request.Aborted);
        if (algorithm is not null)
        {
            request.Http.Response.Headers["x-amz-checksum-algorithm"] = algorithm.ToUpperInvariant();
            request.Http.Response.Headers["x-amz-checksum-type"] = type;
        }

        await Xml.AnswerAsync(request.Http, Xml.Element("InitiateMultipartUploadResult", Xml.Element("Bucket", bucket.Name), Xml.Element("Key", Xml.Printable(request.Key)), Xml.Element("UploadId", upload.Id)));
    }

    public async Task PutPartAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Create);
        var number = PartNumber(request);
        var upload = Find(request, bucket);
        space.Demand(BodyReader.LengthOf(request) ?? throw new S3Refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header."));
        using var draft = data.Objects.NewDraft();
        using var sink = new BodySink(request, wantMd5: true, draft.Append);
        // An upload that was begun with an algorithm is summed by it whether or not the part brings the value.
        if (upload.Algorithm is not null) sink.Also(upload.Algorithm);
        await BodyReader.ReadAsync(request, sink, PutCalls.MaxObject);
        var sums = new Dictionary<string, string>(sink.Checksums, StringComparer.Ordinal);
        var part = await StoreAsync(request, upload, number, draft, sink.Length, sink.Md5, sums);
        request.Http.Response.Headers.ETag = $"\"{part.ETag}\"";
        foreach (var (algorithm, value) in sums) request.Http.Response.Headers[$"x-amz-checksum-{algorithm}"] = value;
    }

    public async Task CopyPartAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Create);
        var number = PartNumber(request);
        var upload = Find(request, bucket);
        var (from, key, version) = puts.Source(request);
        using var source = data.Objects.Open(from, key, version);
        var entry = PutCalls.Readable(source, version);
        ObjectFacts.CheckReading(request, entry, "x-amz-copy-source-");
        var (at, count) = CopyRange(request, entry);
        if (count > PutCalls.MaxObject) throw S3Refusal.BadRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
        space.Demand(count);
        using var draft = data.Objects.NewDraft();
        using var md5 = Digest.Of("md5");
        using var sum = upload.Algorithm is null ? null : Digest.Of(upload.Algorithm);
        await source!.ReadAsync(at, count, piece =>
        {
            md5.Append(piece.Span);
            sum?.Append(piece.Span);
            draft.Append(piece.Span);
            return ValueTask.CompletedTask;
        });
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        if (sum is not null) sums[upload.Algorithm!] = Convert.ToBase64String(sum.Finish());
        var part = await StoreAsync(request, upload, number, draft, count, Convert.ToHexStringLower(md5.Finish()), sums);
        await Xml.AnswerAsync(request.Http, Xml.Element("CopyPartResult", Xml.Element("ETag", $"\"{part.ETag}\""), Xml.Element("LastModified", Xml.Time(data.Objects.Time.GetUtcNow())), sums.Select(s => Xml.Element($"Checksum{s.Key.ToUpperInvariant()}", s.Value))));
    }

    public async Task AbortAsync(S3Request request, Bucket bucket)
    {
        // What one began and nobody can see yet one may give up, also without the right to delete.
        var upload = Find(request, bucket);
        if (!(upload.Initiator == request.Identity.Name && request.Identity.May(StorageAct.Create, bucket.Name, request.Key))) request.Demand(StorageAct.Change);
        using var held = await data.Uploads.HoldAsync(upload.Id, request.Aborted);
        Find(request, bucket);
        await data.Objects.OnDiskAsync(
            () =>
            {
                if (data.Uploads.Published(upload) is { } entry) data.Uploads.Close(upload, entry.Parts ?? []);
                else data.Uploads.Abort(upload);
                return true;
            },
            CancellationToken.None);
        request.Http.Response.StatusCode = 204;
    }

    public async Task ListPartsAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Read);
        var upload = Find(request, bucket);
        var max = request.Number("max-parts", Page, 0, Page);
        var after = request.Number("part-number-marker", 0, 0, MaxParts);
        var numbers = data.Uploads.PartNumbers(upload.Id).Where(n => n > after).ToList();
        var page = numbers.Take(max).Select(n => (Number: n, Part: data.Uploads.FindPart(upload.Id, n))).Where(p => p.Part is not null).ToList();
        await Xml.AnswerAsync(request.Http, Xml.Element("ListPartsResult",
            Xml.Element("Bucket", bucket.Name), Xml.Element("Key", Xml.Printable(upload.Key)), Xml.Element("UploadId", upload.Id), Xml.Element("PartNumberMarker", after),
            Xml.Element("NextPartNumberMarker", page.Count > 0 ? page[^1].Number : 0), Xml.Element("MaxParts", max), Xml.Element("IsTruncated", numbers.Count > page.Count ? "true" : "false"), Xml.Element("StorageClass", "STANDARD"),
            upload.Algorithm is null ? null : Xml.Element("ChecksumAlgorithm", upload.Algorithm.ToUpperInvariant()), upload.Algorithm is null ? null : Xml.Element("ChecksumType", upload.ChecksumType),
            page.Select(p => Xml.Element("Part", Xml.Element("PartNumber", p.Number), Xml.Element("LastModified", Xml.Time(p.Part!.Modified)), Xml.Element("ETag", $"\"{p.Part.ETag}\""), Xml.Element("Size", p.Part.Length),
                (p.Part.Checksums ?? new Dictionary<string, string>()).Select(s => Xml.Element($"Checksum{s.Key.ToUpperInvariant()}", s.Value))))));
    }

    public async Task ListAsync(S3Request request, Bucket bucket)
    {
        var prefix = request["prefix"] ?? "";
        request.Demand(StorageAct.List, prefix);
        var max = request.Number("max-uploads", Page, 0, Page);
        var (keyMarker, idMarker) = (request["key-marker"] ?? "", request["upload-id-marker"] ?? "");
        var found = data.Uploads.ListOpen(bucket.Name).Where(u => u.Key.StartsWith(prefix, StringComparison.Ordinal) && Follows(u)).ToList();
        var page = found.Take(max).ToList();
        var truncated = found.Count > page.Count;
        await Xml.AnswerAsync(request.Http, Xml.Element("ListMultipartUploadsResult",
            Xml.Element("Bucket", bucket.Name), Xml.Element("KeyMarker", keyMarker), Xml.Element("UploadIdMarker", idMarker), Xml.Element("Prefix", prefix), Xml.Element("MaxUploads", max), Xml.Element("IsTruncated", truncated ? "true" : "false"),
            truncated && page.Count > 0 ? Xml.Element("NextKeyMarker", page[^1].Key) : null, truncated && page.Count > 0 ? Xml.Element("NextUploadIdMarker", page[^1].Id) : null,
            page.Select(u => Xml.Element("Upload", Xml.Element("Key", u.Key), Xml.Element("UploadId", u.Id), BucketCalls.Owner("Initiator", u.Initiator), BucketCalls.Owner("Owner", u.Initiator), Xml.Element("StorageClass", "STANDARD"),
                Xml.Element("Initiated", Xml.Time(DateTimeOffset.FromUnixTimeMilliseconds(u.BeganAt)))))));

        bool Follows(Upload u) => keyMarker.Length == 0 || Utf8Order.Instance.Compare(u.Key, keyMarker) > 0 || (u.Key == keyMarker && idMarker.Length > 0 && string.CompareOrdinal(u.Id, idMarker) > 0);
    }

    private Upload Find(S3Request request, Bucket bucket) => data.Uploads.FindOpen(bucket.Name, request.Key, request["uploadId"] ?? "") ?? throw S3Refusal.NoSuchUpload();

    private async Task<Entry> StoreAsync(S3Request request, Upload upload, int number, Draft draft, long length, string? md5, Dictionary<string, string> sums)
    {
        var part = new Entry { Key = upload.Key, Length = length, ETag = md5 ?? Convert.ToHexStringLower(Guid.CreateVersion7().ToByteArray(bigEndian: true)), Checksums = sums.Count > 0 ? sums : null };
        using var held = await data.Uploads.HoldAsync(upload.Id, request.Aborted);
        // Completed or aborted while the body came: its folder must not be touched any more.
        if (data.Uploads.FindOpen(upload.Bucket, upload.Key, upload.Id) is null || data.Uploads.Published(upload) is not null) throw S3Refusal.NoSuchUpload();
        await data.Uploads.PutPartAsync(upload, number, draft, part, CancellationToken.None);
        return part;
    }

    private static (long From, long Count) CopyRange(S3Request request, Entry entry)
    {
        if (request.Header("x-amz-copy-source-range") is not { } range) return (0, entry.Length);
        var ends = range.StartsWith("bytes=", StringComparison.Ordinal) ? range[6..].Split('-') : [];
        if (ends.Length != 2 || !long.TryParse(ends[0], out var from) || !long.TryParse(ends[1], out var to) || from < 0 || to < from) throw S3Refusal.Invalid("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy");
        return to < entry.Length ? (from, to - from + 1) : throw new S3Refusal(416, "InvalidRange", "The requested range is not satisfiable");
    }

    private static int PartNumber(S3Request request) => int.TryParse(request["partNumber"], out var number) && number is >= 1 and <= MaxParts ? number : throw S3Refusal.Invalid("Part number must be an integer between 1 and 10000, inclusive");

    private static string? TypeOf(string? algorithm, string? asked)
    {
        if (algorithm is null) return null;
        var type = asked?.ToUpperInvariant() ?? (algorithm == "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE");
        if (type is not ("FULL_OBJECT" or "COMPOSITE") || (type == "FULL_OBJECT" && !Digest.IsCrc(algorithm)) || (type == "COMPOSITE" && algorithm == "crc64nvme"))
        {
            throw S3Refusal.BadRequest($"The {type} checksum type cannot be used with the {algorithm} checksum algorithm.");
        }

        return type;
    }
}
