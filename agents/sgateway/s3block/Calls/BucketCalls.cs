using System.Globalization;
using System.Xml.Linq;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Calls;

/// <summary>Buckets themselves and the settings that are not in a file of their own here.</summary>
internal sealed class BucketCalls(DataFolder data, string region)
{
    public static XElement Owner(string name, string owner) => Xml.Element(name, Xml.Element("ID", owner), Xml.Element("DisplayName", owner));

    public async Task ListAsync(S3Request request)
    {
        var buckets = data.Buckets.Where(b => request.Identity.Sees(b.Name));
        await Xml.AnswerAsync(request.Http, Xml.Element("ListAllMyBucketsResult", Owner("Owner", request.Identity.Owner.AccessKey),
            Xml.Element("Buckets", buckets.Select(b => Xml.Element("Bucket", Xml.Element("Name", b.Name), Xml.Element("CreationDate", Xml.Time(DateTimeOffset.FromUnixTimeMilliseconds(b.Config.CreatedAt))), Xml.Element("BucketRegion", region))))));
    }

    public async Task CreateAsync(S3Request request)
    {
        request.Demand(StorageAct.Configure);
        if (!IsName(request.BucketName)) throw new S3Refusal(400, "InvalidBucketName", "The specified bucket is not valid.");
        if (request.Http.Request.ContentLength > 0) await Xml.ReadAsync(request);
        var locks = request.Header("x-amz-bucket-object-lock-enabled")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        var config = new BucketConfig
        {
            CreatedAt = data.Objects.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Owner = request.Identity.Owner.AccessKey,
            LockEnabled = locks,
            Versioning = locks ? Versioning.Enabled : Versioning.Off,
        };
        if (await data.CreateAsync(request.BucketName, config, request.Aborted) is null) throw new S3Refusal(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.");
        request.Http.Response.Headers.Location = $"/{request.BucketName}";
    }

    public Task HeadAsync(S3Request request)
    {
        request.Demand(StorageAct.Look);
        request.Http.Response.Headers["x-amz-bucket-region"] = region;
        // The console asks so how full the disk is; a lent key learns nothing of it.
        if (request.Identity.Scope is null)
        {
            var (total, free) = data.Space();
            request.Http.Response.Headers["x-hyperbdr-total-bytes"] = total.ToString(CultureInfo.InvariantCulture);
            request.Http.Response.Headers["x-hyperbdr-free-bytes"] = free.ToString(CultureInfo.InvariantCulture);
        }

        return Task.CompletedTask;
    }

    public async Task DeleteAsync(S3Request request, Bucket bucket)
    {
        request.Demand(StorageAct.Configure);
        if (!await data.DeleteAsync(bucket, request.Aborted)) throw new S3Refusal(409, "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.");
        request.Http.Response.StatusCode = 204;
    }

    public Task LocationAsync(S3Request request)
    {
        request.Demand(StorageAct.Look);
        // The oldest region has no name here.
        return Xml.AnswerAsync(request.Http, Xml.Element("LocationConstraint", region == "us-east-1" ? null : region));
    }

    public async Task VersioningAsync(S3Request request, Bucket bucket)
    {
        if (request.Method == "GET")
        {
            request.Demand(StorageAct.Look);
            await Xml.AnswerAsync(request.Http, Xml.Element("VersioningConfiguration", bucket.Config.Versioning == Versioning.Off ? null : Xml.Element("Status", bucket.Config.Versioning)));
            return;
        }

        request.Demand(StorageAct.Configure);
        var status = (await Xml.ReadAsync(request)).Text("Status") switch
        {
            "Enabled" => Versioning.Enabled,
            "Suspended" => Versioning.Suspended,
            _ => throw S3Refusal.MalformedXml(),
        };
        if (bucket.Config.LockEnabled && status != Versioning.Enabled) throw new S3Refusal(409, "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.");
        await data.ConfigureAsync(bucket, c => c with { Versioning = status }, request.Aborted);
    }

    /// <summary>Access is a matter of keys here: asked for, the list of a private bucket; set, only that same list is taken.</summary>
    public async Task AclAsync(S3Request request, Bucket bucket)
    {
        request.Demand(request.Method == "GET" ? StorageAct.Look : StorageAct.Change);
        if (request.Key.Length > 0) RequireObject(request, bucket);
        if (request.Method == "GET")
        {
            await Xml.AnswerAsync(request.Http, Xml.Element("AccessControlPolicy", Owner("Owner", bucket.Config.Owner), Xml.Element("AccessControlList", Xml.Element("Grant", Xml.Grantee(bucket.Config.Owner), Xml.Element("Permission", "FULL_CONTROL")))));
            return;
        }

        var named = request.Header("x-amz-acl");
        var isPrivate = named is "private" or "bucket-owner-full-control" || (named is null && request.Http.Request.ContentLength > 0 && IsPrivate(await Xml.ReadAsync(request), bucket.Config.Owner));
        if (!isPrivate) throw new S3Refusal(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
    }

    /// <summary>Settings that S3 has and this endpoint has not: their absence is answered where one can ask, and setting them is refused.</summary>
    public static Task AbsentAsync(S3Request request, string setting)
    {
        request.Demand(StorageAct.Look);
        if (request.Method != "GET") throw S3Refusal.NotImplemented($"A header or parameter you provided implies functionality that is not implemented: {setting}");
        throw setting switch
        {
            "policy" => new S3Refusal(404, "NoSuchBucketPolicy", "The bucket policy does not exist"),
            "lifecycle" => new S3Refusal(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
            "encryption" => new S3Refusal(404, "ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found"),
            "website" => new S3Refusal(404, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
            "replication" => new S3Refusal(404, "ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
            "ownershipControls" => new S3Refusal(404, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
            "publicAccessBlock" => new S3Refusal(404, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"),
            _ => S3Refusal.NotImplemented($"A parameter you provided implies functionality that is not implemented: {setting}"),
        };
    }

    private void RequireObject(S3Request request, Bucket bucket)
    {
        using var stored = data.Objects.Open(bucket, request.Key, request.VersionId);
        PutCalls.Readable(stored, request.VersionId);
    }

    private static bool IsPrivate(XElement policy, string owner) =>
        policy.One("AccessControlList") is { } list && list.All("Grant").All(g => g.One("Grantee")?.Text("ID") == owner && g.Text("Permission") == "FULL_CONTROL");

    private static bool IsName(string name) =>
        name.Length is >= 3 and <= 63 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.') && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1]) && !name.Contains("..", StringComparison.Ordinal) && !System.Net.IPAddress.TryParse(name, out _);
}
