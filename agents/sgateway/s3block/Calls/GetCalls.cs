using System.Globalization;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.S3Block.Calls;

/// <summary>GetObject, HeadObject and GetObjectAttributes.</summary>
internal sealed class GetCalls(DataFolder data)
{
    public async Task GetAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Read);
        using var stored = data.Objects.Open(bucket, request.Key, request.VersionId);
        var entry = PutCalls.Readable(stored, request.VersionId);
        ObjectFacts.CheckReading(request, entry, "");
        var (from, count) = RangeOf(request, entry);
        var whole = count == entry.Length && request.Header("Range") is null && !request.Has("partNumber");
        var response = request.Http.Response;
        var sends = !HttpMethods.IsHead(request.Method) && count > 0;
        var pieces = new Pieces(request, () =>
        {
            ObjectFacts.Answer(request, bucket, entry, whole);
            response.StatusCode = whole ? 200 : 206;
            if (!whole) response.Headers.ContentRange = $"bytes {from}-{from + count - 1}/{entry.Length}";
            if (request.Has("partNumber") && entry.Parts is { } parts) response.Headers["x-amz-mp-parts-count"] = parts.Count.ToString(CultureInfo.InvariantCulture);
            response.ContentLength = count;
        });
        if (sends) await stored!.ReadAsync(from, count, pieces.TakeAsync);
        else pieces.Begin();
    }

    public async Task AttributesAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Read);
        using var stored = data.Objects.Open(bucket, request.Key, request.VersionId);
        var entry = PutCalls.Readable(stored, request.VersionId);
        var wanted = (request.Header("x-amz-object-attributes") ?? throw S3Refusal.Invalid("x-amz-object-attributes is required")).Split(',', StringSplitOptions.TrimEntries);
        request.AnswerVersion(bucket, entry);
        request.Http.Response.Headers.LastModified = entry.Modified.ToString("R", CultureInfo.InvariantCulture);
        await Xml.AnswerAsync(request.Http, Xml.Element("GetObjectAttributesResponse",
            wanted.Contains("ETag") ? Xml.Element("ETag", entry.ETag) : null,
            wanted.Contains("Checksum") && entry.Checksums is { } sums ? Xml.Element("Checksum", sums.Select(s => Xml.Element($"Checksum{s.Key.ToUpperInvariant()}", s.Value)), Xml.Element("ChecksumType", entry.ChecksumType ?? "FULL_OBJECT")) : null,
            wanted.Contains("ObjectParts") && entry.Parts is { } parts ? Xml.Element("ObjectParts", Xml.Element("PartsCount", parts.Count)) : null,
            wanted.Contains("StorageClass") ? Xml.Element("StorageClass", "STANDARD") : null,
            wanted.Contains("ObjectSize") ? Xml.Element("ObjectSize", entry.Length) : null));
    }

    /// <summary>One range; several are answered by the whole, as S3 does.</summary>
    public static (long From, long Count) RangeOf(S3Request request, Entry entry)
    {
        if (request.Has("partNumber")) return PartOf(request, entry);
        if (request.Header("Range") is not { } header || !header.StartsWith("bytes=", StringComparison.Ordinal) || header.Contains(',', StringComparison.Ordinal)) return NoRange(request, entry);
        var ends = header[6..].Split('-');
        if (ends.Length != 2) return NoRange(request, entry);
        if (ends[0].Length == 0)
        {
            if (!Number(ends[1], out var last)) return NoRange(request, entry);
            if (last == 0 || entry.Length == 0) throw Unsatisfiable(entry);
            return (Math.Max(0, entry.Length - last), Math.Min(last, entry.Length));
        }

        var to = long.MaxValue - 1;
        if (!Number(ends[0], out var from) || (ends[1].Length > 0 && (!Number(ends[1], out to) || to < from))) return NoRange(request, entry);
        return from < entry.Length ? (from, Math.Min(to, entry.Length - 1) - from + 1) : throw Unsatisfiable(entry);
    }

    private static (long From, long Count) NoRange(S3Request request, Entry entry)
    {
        // A range that says nothing counts as none (RFC 9110, section 14.2).
        request.Http.Request.Headers.Remove("Range");
        return (0, entry.Length);
    }

    private static (long From, long Count) PartOf(S3Request request, Entry entry)
    {
        var number = request.Number("partNumber", 1, 1, 10_000);
        if (entry.Parts is not { } parts) return number == 1 ? (0, entry.Length) : throw NoPart(entry);
        if (number > parts.Count) throw NoPart(entry);
        return (parts.Take(number - 1).Sum(p => p.Length), parts[number - 1].Length);
    }

    private static S3Refusal NoPart(Entry entry)
    {
        var refusal = new S3Refusal(416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
        refusal.Headers["Content-Range"] = $"bytes */{entry.Length}";
        return refusal;
    }

    private static S3Refusal Unsatisfiable(Entry entry)
    {
        var refusal = new S3Refusal(416, "InvalidRange", "The requested range is not satisfiable");
        refusal.Headers["Content-Range"] = $"bytes */{entry.Length}";
        return refusal;
    }

    private static bool Number(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>Writes the answer's head only when the first bytes proved whole, so that damage at the start is an error that can be told.</summary>
    private sealed class Pieces(S3Request request, Action head)
    {
        private bool begun;

        public async ValueTask TakeAsync(ReadOnlyMemory<byte> piece)
        {
            Begin();
            await request.Http.Response.Body.WriteAsync(piece, request.Aborted);
        }

        public void Begin()
        {
            if (begun) return;
            begun = true;
            head();
        }

    }
}
