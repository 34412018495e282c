using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Calls;

/// <summary>CompleteMultipartUpload: one rename makes the parts an object, where they lie.</summary>
internal sealed class CompleteCalls(DataFolder data)
{
    private const int LeastPart = 5 << 20;
    private const int MaxParts = 10_000;

    public async Task CompleteAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Create);
        var id = request["uploadId"] ?? "";
        var document = await Xml.ReadAsync(request);
        if (id.Length != 24 || !id.All(char.IsAsciiHexDigitLower)) throw S3Refusal.NoSuchUpload();
        using var held = await data.Uploads.HoldAsync(id, request.Aborted);
        var upload = data.Uploads.Read(id);
        if (upload is null || upload.Bucket != bucket.Name || upload.Key != request.Key) throw S3Refusal.NoSuchUpload();
        // Asked again because the answer was lost: the same answer.
        var stored = data.Uploads.Published(upload);
        if (stored is null)
        {
            if (data.Uploads.FindOpen(bucket.Name, request.Key, id) is null) throw S3Refusal.NoSuchUpload();
            stored = await PublishAsync(request, bucket, upload, Parts(upload, document));
        }

        await data.Objects.OnDiskAsync(
            () =>
            {
                if (data.Uploads.FindOpen(bucket.Name, request.Key, id) is not null) data.Uploads.Close(upload, stored.Parts ?? []);
                return true;
            },
            CancellationToken.None);
        request.AnswerVersion(bucket, stored);
        await Xml.AnswerAsync(request.Http, Xml.Element("CompleteMultipartUploadResult",
            Xml.Element("Location", $"{request.Http.Request.Scheme}://{request.Http.Request.Host}/{bucket.Name}/{Uri.EscapeDataString(request.Key)}"),
            Xml.Element("Bucket", bucket.Name), Xml.Element("Key", Xml.Printable(request.Key)), Xml.Element("ETag", $"\"{stored.ETag}\""),
            (stored.Checksums ?? new Dictionary<string, string>()).Select(s => Xml.Element($"Checksum{s.Key.ToUpperInvariant()}", s.Value)),
            stored.Checksums is null ? null : Xml.Element("ChecksumType", stored.ChecksumType)));
    }

    private async Task<Entry> PublishAsync(S3Request request, Bucket bucket, Upload upload, IReadOnlyList<EntryPart> parts)
    {
        var (sums, type) = SumsOf(upload, parts);
        if (upload.Algorithm is { } algorithm && sums is not null && request.Header($"x-amz-checksum-{algorithm}") is { } stated && stated != sums[algorithm] && type == "FULL_OBJECT") throw S3Refusal.BadDigest(algorithm.ToUpperInvariant());
        var length = parts.Sum(p => p.Length);
        if (request.Header("x-amz-mp-object-size") is { } size && size != length.ToString(CultureInfo.InvariantCulture)) throw S3Refusal.BadRequest("The provided 'x-amz-mp-object-size' header value does not match what was computed.");
        using var draft = data.Objects.NewDraft();
        var entry = new Entry { Key = upload.Key, Length = length, ETag = ETagOf(parts), Headers = upload.Headers, Checksums = sums, ChecksumType = type, Upload = upload.Id, Parts = parts, Extra = upload.Extra };
        return await data.Objects.PublishAsync(bucket, draft, entry, current => ObjectFacts.CheckReplacing(request, current), request.Aborted);
    }

    private List<EntryPart> Parts(Upload upload, XElement document)
    {
        var parts = new List<EntryPart>();
        var named = document.All("Part").ToList();
        if (named.Count is 0 or > MaxParts) throw S3Refusal.MalformedXml();
        foreach (var one in named)
        {
            if (!int.TryParse(one.Text("PartNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > MaxParts || one.Text("ETag") is not { } eTag) throw S3Refusal.MalformedXml();
            if (parts.Count > 0 && parts[^1].Number >= number) throw new S3Refusal(400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.");
            var part = data.Uploads.FindPart(upload.Id, number);
            if (part is null || part.ETag != eTag.Trim('"') || !Agrees(one, part)) throw new S3Refusal(400, "InvalidPart", "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.");
            parts.Add(new EntryPart(number, Layout.PartName(number), part.Length, part.ETag, part.Checksums));
        }

        if (parts.SkipLast(1).Any(p => p.Length < LeastPart)) throw new S3Refusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
        return parts;
    }

    private static bool Agrees(XElement named, Entry part) =>
        Digest.Algorithms.All(a => named.Text($"Checksum{a.ToUpperInvariant()}") is not { } stated || part.Checksums?.GetValueOrDefault(a) is not { } own || own == stated);

    private static (Dictionary<string, string>? Sums, string? Type) SumsOf(Upload upload, IReadOnlyList<EntryPart> parts)
    {
        if (upload.Algorithm is not { } algorithm || parts.Any(p => p.Checksums?.ContainsKey(algorithm) != true)) return (null, null);
        var value = upload.ChecksumType == "FULL_OBJECT"
            ? CrcJoin.Join(algorithm, parts.Select(p => (p.Checksums![algorithm], p.Length)))
            : $"{Digest.Base64(algorithm, parts.SelectMany(p => Convert.FromBase64String(p.Checksums![algorithm])).ToArray())}-{parts.Count}";
        return (new Dictionary<string, string>(StringComparer.Ordinal) { [algorithm] = value }, upload.ChecksumType);
    }

    /// <summary>MD5 of the parts' MD5s where they have them, as S3 makes it; of whatever their ETags are otherwise.</summary>
    private static string ETagOf(IReadOnlyList<EntryPart> parts)
    {
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        foreach (var part in parts) md5.AppendData(Convert.FromHexString(part.ETag));
        return $"{Convert.ToHexStringLower(md5.GetHashAndReset())}-{parts.Count}";
    }
}
