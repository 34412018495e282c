using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;
using System.Xml.Linq;

namespace HyperBdr.S3Block.Calls;

/// <summary>Tags of objects and buckets.</summary>
internal sealed class TagCalls(DataFolder data)
{
    private const int MaxTags = 10;
    private const int MaxBucketTags = 50;
    private const int MaxName = 128;
    private const int MaxValue = 256;

    /// <summary>Of the header form <c>a=1&amp;b=2</c>.</summary>
    public static Dictionary<string, string> Parse(string tagging) => Checked(tagging.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(t => t.Split('=', 2)).Select(t => (Value(t[0]), t.Length == 2 ? Value(t[1]) : "")), MaxTags);

    public async Task GetAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Read);
        using var stored = data.Objects.Open(bucket, request.Key, request.VersionId);
        var entry = PutCalls.Readable(stored, request.VersionId);
        request.AnswerVersion(bucket, entry);
        await Xml.AnswerAsync(request.Http, Document(entry.Extra?.Tags ?? new Dictionary<string, string>()));
    }

    public async Task PutAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Change);
        await AmendAsync(request, bucket, Parse(await Xml.ReadAsync(request), MaxTags));
    }

    public async Task DeleteAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Change);
        await AmendAsync(request, bucket, null);
        request.Http.Response.StatusCode = 204;
    }

    public async Task OfBucketAsync(S3Request request, Bucket bucket)
    {
        if (request.Method == "GET")
        {
            request.Demand(StorageAct.Look);
            await Xml.AnswerAsync(request.Http, Document(bucket.Config.Tags ?? throw new S3Refusal(404, "NoSuchTagSet", "There is no tag set associated with the bucket.")));
            return;
        }

        request.Demand(StorageAct.Configure);
        var tags = request.Method == "PUT" ? Parse(await Xml.ReadAsync(request), MaxBucketTags) : null;
        await data.ConfigureAsync(bucket, c => c with { Tags = tags }, request.Aborted);
        request.Http.Response.StatusCode = 204;
    }

    private async Task AmendAsync(S3Request request, Bucket bucket, Dictionary<string, string>? tags)
    {
        var entry = await data.Objects.AmendAsync(bucket, request.Key, request.VersionId, e => e.Marker ? throw S3Refusal.NoSuchKey() : (e.Extra ?? new Amendment()) with { Tags = tags }, request.Aborted);
        request.AnswerVersion(bucket, entry ?? throw (request.VersionId is null ? S3Refusal.NoSuchKey() : S3Refusal.NoSuchVersion()));
    }

    private static Dictionary<string, string> Parse(XElement tagging, int max) =>
        Checked((tagging.One("TagSet") ?? throw S3Refusal.MalformedXml()).All("Tag").Select(t => (t.Text("Key") ?? throw S3Refusal.MalformedXml(), t.Text("Value") ?? "")), max);

    private static Dictionary<string, string> Checked(IEnumerable<(string Name, string Value)> tags, int max)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in tags)
        {
            if (name.Length is 0 or > MaxName) throw new S3Refusal(400, "InvalidTag", "The TagKey you have provided is invalid");
            if (value.Length > MaxValue) throw new S3Refusal(400, "InvalidTag", "The TagValue you have provided is invalid");
            if (!all.TryAdd(name, value)) throw new S3Refusal(400, "InvalidTag", "Cannot provide multiple Tags with the same key");
        }

        return all.Count <= max ? all : throw new S3Refusal(400, "BadRequest", $"Object tags cannot be greater than {max}");
    }

    private static XElement Document(IReadOnlyDictionary<string, string> tags) =>
        Xml.Element("Tagging", Xml.Element("TagSet", tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => Xml.Element("Tag", Xml.Element("Key", t.Key), Xml.Element("Value", t.Value)))));

    private static string Value(string text) => S3Request.Decode(text.Replace('+', ' '));
}
