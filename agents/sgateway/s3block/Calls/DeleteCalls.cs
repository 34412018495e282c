using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;
using System.Xml.Linq;

namespace HyperBdr.S3Block.Calls;

/// <summary>DeleteObject and DeleteObjects.</summary>
internal sealed class DeleteCalls(DataFolder data)
{
    private const int MaxBatch = 1000;

    public async Task DeleteAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Change);
        var headers = request.Http.Response.Headers;
        if (request.Header("If-Match") is { } match && data.Objects.Find(bucket, request.Key, null) is { } current && match != "*" && match.Trim('"') != current.ETag) throw S3Refusal.Precondition();
        var gone = await data.Objects.DeleteAsync(bucket, request.Key, request.VersionId, e => CheckLock(request, e), request.Aborted);
        request.Http.Response.StatusCode = 204;
        if (gone is null || bucket.Config.Versioning == Versioning.Off) return;
        headers["x-amz-version-id"] = gone.VersionId;
        if (gone.Marker) headers["x-amz-delete-marker"] = "true";
    }

    public async Task BatchAsync(S3Request request, Bucket bucket)
    {
        if (!request.Identity.May(StorageAct.Change, bucket.Name, request.Identity.Scope?.Prefix ?? "")) throw S3Refusal.AccessDenied();
        var document = await Xml.ReadAsync(request);
        var quiet = document.Text("Quiet") == "true";
        var objects = document.All("Object").ToList();
        if (objects.Count is 0 or > MaxBatch) throw S3Refusal.MalformedXml();
        var results = new List<XElement>();
        foreach (var named in objects)
        {
            var key = named.Text("Key") ?? throw S3Refusal.MalformedXml();
            var version = named.Text("VersionId") is { Length: > 0 } v ? v : null;
            if (await OneAsync(request, bucket, key, version) is var result && (!quiet || result.Name.LocalName == "Error")) results.Add(result);
        }

        await Xml.AnswerAsync(request.Http, Xml.Element("DeleteResult", results));
    }

    private async Task<XElement> OneAsync(S3Request request, Bucket bucket, string key, string? version)
    {
        var named = new object?[] { Xml.Element("Key", key), version is null ? null : Xml.Element("VersionId", version) };
        try
        {
            request.Demand(StorageAct.Change, key);
            var gone = await data.Objects.DeleteAsync(bucket, key, version, e => CheckLock(request, e), request.Aborted);
            return Xml.Element("Deleted", named, gone is { Marker: true } ? [Xml.Element("DeleteMarker", "true"), Xml.Element("DeleteMarkerVersionId", gone.VersionId)] : Array.Empty<XElement>());
        }
        catch (S3Refusal refusal)
        {
            return Xml.Element("Error", named, Xml.Element("Code", refusal.Code), Xml.Element("Message", refusal.Message));
        }
        catch (RotException e)
        {
            return Xml.Element("Error", named, Xml.Element("Code", "InternalError"), Xml.Element("Message", e.Message));
        }
    }

    private void CheckLock(S3Request request, Entry entry)
    {
        var bypass = request.Header("x-amz-bypass-governance-retention")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        if (entry.Extra?.Protects(data.Objects.Time.GetUtcNow(), bypass) == true) throw S3Refusal.AccessDenied("Access Denied because object protected by object lock.");
    }
}
