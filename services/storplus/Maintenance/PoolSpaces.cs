using System.Globalization;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Outbound;
using HyperBdr.Storplus.Stores;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>What the place of a pool has.</summary>
internal sealed record Space(long TotalBytes, long FreeBytes);

/// <summary>Asks the place of a pool for its space: a folder's file system, or a sync gateway for that of its disk. Nobody can say it of a bucket elsewhere.</summary>
internal sealed class PoolSpaces(AddressRules rules, Envelope envelope)
{
    /// <summary>Headers of a sync gateway's answer to the owner of a bucket (docs/formats/s3block.md).</summary>
    private const string TotalHeader = "x-hyperbdr-total-bytes";
    private const string FreeHeader = "x-hyperbdr-free-bytes";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <returns>Null where nobody can say, and where nobody answers.</returns>
    public async Task<Space?> OfAsync(Pool pool, CancellationToken ct)
    {
        try
        {
            return pool switch
            {
                { Kind: PoolKind.Folder } => OfFolder(pool.FolderPath!),
                { Kind: PoolKind.Gateway, S3: { } s3 } => await OfGatewayAsync(pool, s3, ct),
                _ => null,
            };
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is IOException or UnauthorizedAccessException or ArgumentException or HttpRequestException or OperationCanceledException or StoreException or AmazonClientException or AmazonServiceException or CryptographicException)
        {
            // Unmounted, or away: the next run over the pool reports it.
            return null;
        }
    }

    private static Space OfFolder(string path)
    {
        var drive = new DriveInfo(path);
        return new Space(drive.TotalSize, drive.AvailableFreeSpace);
    }

    private async Task<Space?> OfGatewayAsync(Pool pool, S3Settings s3, CancellationToken ct)
    {
        var seen = new SeenHeaders(new GuardedConnector(rules, GatewayTrust.Of(pool)).NewHandler());
        using var http = new HttpClient(seen, disposeHandler: true) { Timeout = Limit };
        using var client = new AmazonS3Client(
            new BasicAWSCredentials(s3.AccessKey, envelope.Open(pool.SealedSecret, pool.SecretContext)),
            new AmazonS3Config
            {
                ServiceURL = $"{(s3.UseTls ? "https" : "http")}://{s3.Endpoint}", AuthenticationRegion = s3.Region, ForcePathStyle = true, Timeout = Limit, MaxErrorRetry = 0,
                AllowAutoRedirect = false, DisableLogging = true, HttpClientFactory = new OwnHttpClient(http),
            });
        await client.HeadBucketAsync(new HeadBucketRequest { BucketName = s3.Bucket }, ct);
        return seen.TotalBytes is { } total and > 0 && seen.FreeBytes is { } free ? new Space(total, Math.Clamp(free, 0, total)) : null;
    }

    /// <summary>Keeps two headers that the SDK does not know.</summary>
    private sealed class SeenHeaders(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        public long? TotalBytes { get; private set; }

        public long? FreeBytes { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            (TotalBytes, FreeBytes) = (Number(answer, TotalHeader), Number(answer, FreeHeader));
            return answer;
        }

        private static long? Number(HttpResponseMessage answer, string header) =>
            answer.Headers.TryGetValues(header, out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
