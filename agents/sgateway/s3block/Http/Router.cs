using HyperBdr.S3Block.Calls;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Http;

/// <summary>Which call a request is: by method, by whether it names a key, and by the parameters that S3 tells calls apart with.</summary>
internal sealed class Router
{
    private static readonly string[] Absent = ["policy", "policyStatus", "lifecycle", "encryption", "website", "replication", "ownershipControls", "publicAccessBlock", "logging", "notification", "accelerate", "requestPayment", "analytics", "inventory", "metrics", "intelligent-tiering", "select", "restore", "torrent"];

    private readonly DataFolder data;
    private readonly BucketCalls buckets;
    private readonly GetCalls gets;
    private readonly PutCalls puts;
    private readonly DeleteCalls deletes;
    private readonly UploadCalls uploads;
    private readonly CompleteCalls completes;
    private readonly ListCalls lists;
    private readonly LockCalls locks;
    private readonly TagCalls tags;
    private readonly CorsCalls cors;

    public Router(DataFolder data, S3BlockOptions options)
    {
        var space = new Space(data, options.MinFreeBytes);
        this.data = data;
        buckets = new BucketCalls(data, options.Region);
        gets = new GetCalls(data);
        puts = new PutCalls(data, space);
        deletes = new DeleteCalls(data);
        uploads = new UploadCalls(data, space, puts);
        completes = new CompleteCalls(data);
        lists = new ListCalls(data);
        locks = new LockCalls(data);
        tags = new TagCalls(data);
        cors = new CorsCalls(data);
    }

    public Bucket? Find(string bucket) => data.Find(bucket);

    public Task RunAsync(S3Request request)
    {
        if (request.BucketName.Length == 0) return request.Method == "GET" ? buckets.ListAsync(request) : throw NotAllowed();
        if (request.Key.Length == 0 && request.Method == "PUT" && request.Query.All(q => q.Key == "x-id" || q.Key.StartsWith("X-Amz-", StringComparison.Ordinal))) return buckets.CreateAsync(request);
        if (!request.Identity.Sees(request.BucketName)) throw S3Refusal.AccessDenied();
        var bucket = data.Find(request.BucketName) ?? throw S3Refusal.NoSuchBucket();
        return request.Key.Length == 0 ? OfBucket(request, bucket) : OfObject(request, bucket);
    }

    private Task OfBucket(S3Request request, Bucket bucket)
    {
        if (Array.Find(Absent, request.Has) is { } absent) return BucketCalls.AbsentAsync(request, absent);
        if (request.Has("versioning")) return buckets.VersioningAsync(request, bucket);
        if (request.Has("object-lock")) return locks.OfBucketAsync(request, bucket);
        if (request.Has("tagging")) return tags.OfBucketAsync(request, bucket);
        if (request.Has("cors")) return cors.ConfigureAsync(request, bucket);
        if (request.Has("acl")) return buckets.AclAsync(request, bucket);
        return request.Method switch
        {
            "HEAD" => buckets.HeadAsync(request),
            "DELETE" => buckets.DeleteAsync(request, bucket),
            "POST" when request.Has("delete") => deletes.BatchAsync(request, bucket),
            "GET" when request.Has("location") => buckets.LocationAsync(request),
            "GET" when request.Has("versions") => lists.VersionsAsync(request, bucket),
            "GET" when request.Has("uploads") => uploads.ListAsync(request, bucket),
            "GET" => lists.ObjectsAsync(request, bucket),
            _ => throw NotAllowed(),
        };
    }

    private Task OfObject(S3Request request, Bucket bucket)
    {
        if (Array.Find(Absent, request.Has) is { } absent) return BucketCalls.AbsentAsync(request, absent);
        if (request.Has("acl")) return buckets.AclAsync(request, bucket);
        if (request.Has("retention")) return locks.RetentionAsync(request, bucket);
        if (request.Has("legal-hold")) return locks.LegalHoldAsync(request, bucket);
        if (request.Has("tagging"))
        {
            return request.Method switch
            {
                "GET" => tags.GetAsync(request, bucket),
                "PUT" => tags.PutAsync(request, bucket),
                "DELETE" => tags.DeleteAsync(request, bucket),
                _ => throw NotAllowed(),
            };
        }

        var copies = request.Header("x-amz-copy-source") is not null;
        var inUpload = request.Has("uploadId");
        return request.Method switch
        {
            "GET" when request.Has("attributes") => gets.AttributesAsync(request, bucket),
            "GET" when inUpload => uploads.ListPartsAsync(request, bucket),
            "GET" or "HEAD" => gets.GetAsync(request, bucket),
            "PUT" when inUpload => copies ? uploads.CopyPartAsync(request, bucket) : uploads.PutPartAsync(request, bucket),
            "PUT" => copies ? puts.CopyAsync(request, bucket) : puts.PutAsync(request, bucket),
            "POST" when request.Has("uploads") => uploads.CreateAsync(request, bucket),
            "POST" when inUpload => completes.CompleteAsync(request, bucket),
            "DELETE" when inUpload => uploads.AbortAsync(request, bucket),
            "DELETE" => deletes.DeleteAsync(request, bucket),
            _ => throw NotAllowed(),
        };
    }

    private static S3Refusal NotAllowed() => new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
}
