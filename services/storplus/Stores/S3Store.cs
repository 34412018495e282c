using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Outbound;

namespace HyperBdr.Storplus.Stores;

/// <summary>Blobs as objects below one prefix of a bucket.</summary>
/// <remarks>
/// Puts carry <c>If-None-Match: *</c>; that they never overwrite is the server's promise, which the probe checks.
/// A put whose answer was lost is sent again and may then find its own object: callers who must know compare the content.
/// </remarks>
internal sealed class S3Store : IBlobStore
{
    private const int ConflictTries = 4;
    private readonly S3Settings settings;
    private readonly string prefix;
    private readonly HttpClient http;
    private readonly AmazonS3Client client;

    public S3Store(S3Settings settings, string secret, string place, GuardedConnector connector)
    {
        this.settings = settings;
        prefix = $"hyperbdr/{place}/";
        http = new HttpClient(connector.NewHandler(), disposeHandler: true) { Timeout = TimeSpan.FromSeconds(20), MaxResponseContentBufferSize = 16 * 1024 * 1024 };
        client = new AmazonS3Client(new BasicAWSCredentials(settings.AccessKey, secret), new AmazonS3Config
        {
            ServiceURL = $"{(settings.UseTls ? "https" : "http")}://{settings.Endpoint}",
            AuthenticationRegion = settings.Region,
            ForcePathStyle = settings.Lookup == BucketLookup.Path,
            Timeout = TimeSpan.FromSeconds(5),
            MaxErrorRetry = 2,
            AllowAutoRedirect = false,
            // Many stores know neither trailing checksums nor chunked uploads; SHA-256 of the payload is signed instead.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            HttpClientFactory = new OwnHttpClient(http),
            // The SDK's own metrics name the endpoint; ours do not.
            DisableLogging = true,
        });
    }

    public Task OpenAsync(CancellationToken ct) => Run("list", settings.Bucket, async () =>
        await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = settings.Bucket, Prefix = prefix, MaxKeys = 1 }, ct));

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct) => Run("put", name, async () =>
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var body = new MemoryStream(content.ToArray(), writable: false);
                await client.PutObjectAsync(new PutObjectRequest
                {
                    BucketName = settings.Bucket,
                    Key = prefix + name,
                    InputStream = body,
                    IfNoneMatch = "*",
                    UseChunkEncoding = false,
                    AutoCloseStream = false,
                }, ct);
                return PutOutcome.Created;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == System.Net.HttpStatusCode.PreconditionFailed)
            {
                return PutOutcome.AlreadyThere;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == System.Net.HttpStatusCode.Conflict && e.ErrorCode is "ConditionalRequestConflict" or "OperationAborted" && tries < ConflictTries)
            {
                // Two creations at the same moment: the server asks the loser to look again.
            }
        }
    });

    public Task<int> ReadAsync(string name, long offset, Memory<byte> into, CancellationToken ct) => Run("read", name, async () =>
    {
        try
        {
            using var answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = settings.Bucket, Key = prefix + name, ByteRange = new ByteRange(offset, offset + into.Length - 1) }, ct);
            var body = answer.ResponseStream;
            // A server that ignores the range answers 200 with the whole blob: these are not the bytes that were asked for.
            if (answer.HttpStatusCode == System.Net.HttpStatusCode.OK && offset > 0) return 0;
            return await body.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, ct);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == System.Net.HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return 0;
        }
    });

    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var request = new ListObjectsV2Request { BucketName = settings.Bucket, Prefix = this.prefix + prefix };
        ListObjectsV2Response page;
        do
        {
            page = await Run("list", prefix, () => client.ListObjectsV2Async(request, ct));
            foreach (var found in page.S3Objects ?? []) yield return new BlobInfo(found.Key[this.prefix.Length..], found.Size ?? 0);
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true && !string.IsNullOrEmpty(page.NextContinuationToken));
    }

    public Task DeleteAsync(string name, CancellationToken ct) => Run("delete", name, async () =>
    {
        try
        {
            await client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = settings.Bucket, Key = prefix + name }, ct);
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchKey")
        {
            // Some stores say so where S3 answers 204.
        }

        return true;
    });

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<T> Run<T>(string action, string name, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or System.Xml.XmlException or OperationCanceledException { InnerException: TimeoutException })
        {
            throw S3Faults.Of(e, action, name);
        }
    }
}
