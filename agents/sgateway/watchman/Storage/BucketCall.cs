using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace HyperBdr.Watchman.Storage;

/// <summary>Makes a bucket on the gateway's own endpoint: one signed PUT (Signature Version 4, headers).</summary>
/// <param name="endpoint">On loopback.</param>
/// <param name="authority">DER of the gateway's own authority.</param>
internal sealed class BucketCall(Uri endpoint, string region, byte[] authority, TimeProvider time)
{
    private const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>Without effect when the bucket is there.</summary>
    /// <exception cref="IOException">The endpoint refused or does not answer.</exception>
    public async Task MakeAsync(BucketKey key, CancellationToken ct)
    {
        using var http = new HttpClient(Handler()) { Timeout = TimeSpan.FromSeconds(20) };
        using var request = Signed(key);
        try
        {
            using var answer = await http.SendAsync(request, ct);
            // 409 is its owner's own bucket, or another's: a key of this bucket alone could not have reached another's.
            if (answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.Conflict) return;
            var body = await answer.Content.ReadAsStringAsync(ct);
            throw new IOException($"s3block answers {(int)answer.StatusCode} to the new bucket {key.Bucket}: {(body.Length > 300 ? body[..300] : body)}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            throw new IOException($"s3block does not answer on {endpoint}: {e.Message}", e);
        }
    }

    private SocketsHttpHandler Handler()
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(authority));
        return handler;
    }

    private HttpRequestMessage Signed(BucketKey key)
    {
        var now = time.GetUtcNow();
        var (stamp, day) = (now.ToString("yyyyMMdd'T'HHmmss'Z'"), now.ToString("yyyyMMdd"));
        var scope = $"{day}/{region}/s3/aws4_request";
        var canonical = $"PUT\n/{key.Bucket}\n\nhost:{endpoint.Authority}\nx-amz-content-sha256:{EmptyHash}\nx-amz-date:{stamp}\n\nhost;x-amz-content-sha256;x-amz-date\n{EmptyHash}";
        var toSign = $"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var signing = new[] { day, region, "s3", "aws4_request" }.Aggregate(Encoding.UTF8.GetBytes("AWS4" + key.Secret), (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes(toSign)));
        var request = new HttpRequestMessage(HttpMethod.Put, new Uri(endpoint, $"/{key.Bucket}")) { Content = new ByteArrayContent([]) };
        request.Headers.Host = endpoint.Authority;
        request.Headers.TryAddWithoutValidation("x-amz-content-sha256", EmptyHash);
        request.Headers.TryAddWithoutValidation("x-amz-date", stamp);
        request.Headers.TryAddWithoutValidation("Authorization", $"AWS4-HMAC-SHA256 Credential={key.AccessKey}/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}");
        return request;
    }
}
