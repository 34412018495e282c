using System.Globalization;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace HyperBdr.Engine.Stores;

/// <summary>The single S3 requests that <see cref="S3Store"/> is made of; failures come out as <see cref="EngineException"/>s.</summary>
internal sealed class S3Calls : IDisposable
{
    private readonly S3Options options;
    private readonly AmazonS3Client client;

    // The SDK shows an answer's headers to an event only; this tells whose answer it is.
    private readonly AsyncLocal<StrongBox<string?>?> dated = new();

    public S3Calls(S3Options options, HttpMessageHandler? transport)
    {
        this.options = options;
        client = new AmazonS3Client(Credentials(options), new AmazonS3Config
        {
            ServiceURL = options.Endpoint.AbsoluteUri,
            AuthenticationRegion = options.Region,
            ForcePathStyle = options.PathStyle,
            Timeout = options.RequestTimeout,
            // RetryingStore retries; two layers would multiply.
            MaxErrorRetry = 0,
            AllowAutoRedirect = false,
            // CRC-32C is computed here and sent as a header; trailing checksums are unknown to many endpoints.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            HttpClientFactory = transport is null ? null : new GivenTransport(transport),
            DisableLogging = true,
        });
        client.AfterResponseEvent += (_, e) =>
        {
            if (dated.Value is { } wanted && e is WebServiceResponseEventArgs answer && answer.ResponseHeaders.TryGetValue("Date", out var date)) wanted.Value = date;
        };
    }

    // Over TLS the connection guards the body, and CRC-32C the bytes; hashing it for the signature as well costs more than all else.
    private bool SignsNoBody => options.Endpoint.Scheme == Uri.UriSchemeHttps;

    public void Dispose() => client.Dispose();

    public Task<PutObjectResponse> PutAsync(BlobName name, ReadOnlyMemory<byte> content, uint crc, CancellationToken ct) => Run(name.Value, async () =>
    {
        await using var body = new MemoryBody(content);
        return await client.PutObjectAsync(new PutObjectRequest
        {
            BucketName = options.Bucket,
            Key = Key(name),
            InputStream = body,
            AutoCloseStream = false,
            UseChunkEncoding = false,
            DisablePayloadSigning = SignsNoBody,
            ChecksumAlgorithm = ChecksumAlgorithm.CRC32C,
            ChecksumCRC32C = Crc32C.Text(crc),
            IfNoneMatch = Condition,
        }, ct);
    }, ct);

    public Task<GetObjectMetadataResponse> HeadAsync(BlobName name, CancellationToken ct) => Run(name.Value, () =>
        client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = options.Bucket, Key = Key(name), ChecksumMode = ChecksumMode.ENABLED }, ct), ct);

    /// <summary>Runs <paramref name="use"/> on the answer to a range request; reading its body belongs to the call.</summary>
    public Task<T> GetAsync<T>(BlobName name, long offset, long length, Func<GetObjectResponse, Task<T>> use, CancellationToken ct) => Run(name.Value, async () =>
    {
        using var answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = options.Bucket, Key = Key(name), ByteRange = new ByteRange(offset, offset + length - 1) }, ct);
        return await use(answer);
    }, ct);

    public Task<ListObjectsV2Response> ListAsync(string prefix, string? token, CancellationToken ct) => Run(prefix, () =>
        client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = options.Bucket, Prefix = options.Prefix + prefix, ContinuationToken = token }, ct), ct);

    public Task DeleteAsync(BlobName name, CancellationToken ct) => Run(name.Value, () =>
        client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = options.Bucket, Key = Key(name) }, ct), ct);

    public async Task<DateTimeOffset> DateAsync(CancellationToken ct)
    {
        var answered = dated.Value = new StrongBox<string?>();
        await Run("clock", () => client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = options.Bucket, Prefix = options.Prefix, MaxKeys = 1 }, ct), ct);
        return DateTimeOffset.TryParseExact(answered.Value, "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date : throw new EngineException(Fault.StoreLies, "clock", "the endpoint's answers have no Date (RFC 9110, 6.6.1)");
    }

    public async Task<string> BeginPartsAsync(BlobName name, CancellationToken ct)
    {
        var begun = await Run(name.Value, () => client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = options.Bucket, Key = Key(name), ChecksumAlgorithm = ChecksumAlgorithm.CRC32C }, ct), ct);
        return begun.UploadId;
    }

    public Task<UploadPartResponse> PutPartAsync(BlobName name, string upload, int number, ReadOnlyMemory<byte> content, uint crc, CancellationToken ct) => Run(name.Value, async () =>
    {
        await using var body = new MemoryBody(content);
        return await client.UploadPartAsync(new UploadPartRequest
        {
            BucketName = options.Bucket,
            Key = Key(name),
            UploadId = upload,
            PartNumber = number,
            PartSize = content.Length,
            InputStream = body,
            UseChunkEncoding = false,
            DisablePayloadSigning = SignsNoBody,
            ChecksumAlgorithm = ChecksumAlgorithm.CRC32C,
            ChecksumCRC32C = Crc32C.Text(crc),
        }, ct);
    }, ct);

    public Task<CompleteMultipartUploadResponse> CompleteAsync(BlobName name, string upload, List<PartETag> parts, CancellationToken ct) => Run(name.Value, () =>
        client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = options.Bucket, Key = Key(name), UploadId = upload, PartETags = parts, IfNoneMatch = Condition }, ct), ct);

    public Task AbortAsync(string key, string upload, CancellationToken ct) => Run(key, () =>
        client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = options.Bucket, Key = key, UploadId = upload }, ct), ct);

    public Task<ListMultipartUploadsResponse> UploadsAsync(string? keyMarker, string? uploadMarker, CancellationToken ct) => Run("uploads", () =>
        client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = options.Bucket, Prefix = options.Prefix, KeyMarker = keyMarker, UploadIdMarker = uploadMarker }, ct), ct);

    public string Key(BlobName name) => options.Prefix + name.Value;

    private string? Condition => options.Create == S3Create.Conditional ? "*" : null;

    private static AWSCredentials Credentials(S3Options options) => options.SessionToken is { Length: > 0 } token
        ? new SessionAWSCredentials(options.AccessKey, options.SecretKey, token)
        : new BasicAWSCredentials(options.AccessKey, options.SecretKey);

    private static async Task<T> Run<T>(string subject, Func<Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await call();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == System.Net.HttpStatusCode.PreconditionFailed)
        {
            throw new EngineException(Fault.NameTaken, subject, "the name is taken", e);
        }
        catch (Exception e) when (S3Faults.Covers(e, ct))
        {
            ct.ThrowIfCancellationRequested();
            throw S3Faults.Of(e, subject);
        }
    }

    private sealed class GivenTransport(HttpMessageHandler transport) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(transport, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

        public override string? GetConfigUniqueString(IClientConfig clientConfig) => null;
    }
}
