using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Shouldly;
using Xunit;

namespace HyperBdr.S3Block.Tests;

/// <summary>What was signed is what arrives, whatever the name it was sent to; anything else is refused and leaves nothing.</summary>
[Collection(SharedCollection.Name)]
public sealed class PayloadTests(SharedGateway shared) : IAsyncLifetime
{
    private readonly string bucket = $"b{Guid.CreateVersion7():n}";
    private readonly AmazonS3Client owner = shared.Gateway.Client();

    public async ValueTask InitializeAsync() => await owner.PutBucketAsync(bucket);

    public ValueTask DisposeAsync()
    {
        owner.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_bucket_answers_at_its_own_name_too()
    {
        using var s3 = Client(new Uri($"http://s3.example.test:{shared.Gateway.Endpoint.Port}"), pathStyle: false, new ToGateway(shared.Gateway.Endpoint.Port));
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "of/host", InputStream = new MemoryStream(Bytes.Of(1, 300_000)) });
        using var got = await owner.GetObjectAsync(bucket, "of/host");
        Bytes.Same(await ObjectTests.ReadAsync(got), Bytes.Of(1, 300_000));
        (await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects.Single().Key.ShouldBe("of/host");
        var sent = ToGateway.Hosts.ShouldHaveSingleItem();
        sent.ShouldBe($"{bucket}.s3.example.test");
    }

    [Theory]
    [InlineData("a byte of a chunk", "SignatureDoesNotMatch")]
    [InlineData("chunk-signature=", "SignatureDoesNotMatch")]
    [InlineData("x-amz-checksum-crc32:", "SignatureDoesNotMatch")]
    [InlineData("x-amz-trailer-signature:", "SignatureDoesNotMatch")]
    public async Task What_was_changed_on_the_way_is_refused_and_nothing_is_stored(string what, string code)
    {
        using var s3 = Client(shared.Gateway.Endpoint, pathStyle: true, new Changing(body => Change(body, what)));
        (await ObjectTests.RefusedAsync(() => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "k", InputStream = new MemoryStream(Bytes.Of(2, 300_000)) }))).Code.ShouldBe(code);
        await NothingAsync();
    }

    [Fact]
    public async Task A_changed_body_without_chunks_is_refused_by_its_hash_and_nothing_is_stored()
    {
        using var s3 = Client(shared.Gateway.Endpoint, pathStyle: true, new Changing(body => body[100] ^= 1));
        (await ObjectTests.RefusedAsync(() => s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "k", UseChunkEncoding = false, InputStream = new MemoryStream(Bytes.Of(2, 300_000)) }))).Code.ShouldBe("XAmzContentSHA256Mismatch");
        await NothingAsync();
    }

    [Fact]
    public async Task A_presigned_address_ends_at_its_time_and_means_only_what_was_signed()
    {
        await owner.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "k", ContentBody = "x" });
        using var http = new HttpClient();
        var now = TimeProvider.System.GetUtcNow();
        (await http.GetStringAsync(Presigned("k", now.AddMinutes(-5), 360))).ShouldBe("x");
        await RefusedAsync(http, Presigned("k", now.AddMinutes(-5), 240), HttpStatusCode.Forbidden, "Request has expired");
        await RefusedAsync(http, Presigned("k", now.AddMinutes(20), 60), HttpStatusCode.Forbidden, "RequestTimeTooSkewed");
        await RefusedAsync(http, Presigned("k", now, 604_801), HttpStatusCode.BadRequest, "AuthorizationQueryParametersError");
        await RefusedAsync(http, new Uri(Presigned("k", now, 60).AbsoluteUri.Replace("X-Amz-Expires=60", "X-Amz-Expires=600", StringComparison.Ordinal)), HttpStatusCode.Forbidden, "SignatureDoesNotMatch");
        using var put = await http.PutAsync(Presigned("k", now, 60), new StringContent("y"));
        put.StatusCode.ShouldBe(HttpStatusCode.Forbidden, "it was signed for GET");
    }

    private static async Task RefusedAsync(HttpClient http, Uri address, HttpStatusCode status, string says)
    {
        using var answer = await http.GetAsync(address);
        answer.StatusCode.ShouldBe(status);
        (await answer.Content.ReadAsStringAsync()).ShouldContain(says);
    }

    private async Task NothingAsync()
    {
        (await ObjectTests.RefusedAsync(() => owner.GetObjectAsync(bucket, "k"))).Code.ShouldBe("NoSuchKey");
        (await owner.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).KeyCount.ShouldBe(0);
    }

    private static void Change(byte[] body, string what)
    {
        // Behind a name: its first letter. Else a byte of the first chunk, whose head is one line.
        var name = body.AsSpan().IndexOf(Encoding.ASCII.GetBytes(what));
        if (name < 0) body[body.AsSpan().IndexOf("\r\n"u8) + 1000] ^= 1;
        else body[name + what.Length] = body[name + what.Length] == (byte)'a' ? (byte)'b' : (byte)'a';
    }

    /// <summary>A GET address as 'Authenticating Requests: Using Query Parameters' describes it, made at any time.</summary>
    private Uri Presigned(string key, DateTimeOffset at, int seconds)
    {
        var (date, day, authority) = (at.ToString("yyyyMMdd'T'HHmmss'Z'"), at.ToString("yyyyMMdd"), shared.Gateway.Endpoint.Authority);
        var scope = $"{day}/us-east-1/s3/aws4_request";
        var query = $"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={Uri.EscapeDataString($"{Gateway.Owner}/{scope}")}&X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-SignedHeaders=host";
        var canonical = $"GET\n/{bucket}/{key}\n{query}\nhost:{authority}\n\nhost\nUNSIGNED-PAYLOAD";
        var signing = Encoding.UTF8.GetBytes("AWS4" + Gateway.Secret);
        foreach (var part in scope.Split('/')) signing = HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes(part));
        var text = $"AWS4-HMAC-SHA256\n{date}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        return new Uri($"http://{authority}/{bucket}/{key}?{query}&X-Amz-Signature={Convert.ToHexStringLower(HMACSHA256.HashData(signing, Encoding.UTF8.GetBytes(text)))}");
    }

    private static AmazonS3Client Client(Uri endpoint, bool pathStyle, HttpClientFactory transport) => new(
        new BasicAWSCredentials(Gateway.Owner, Gateway.Secret), new AmazonS3Config { ServiceURL = endpoint.AbsoluteUri, ForcePathStyle = pathStyle, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0, HttpClientFactory = transport });

    /// <summary>Every name leads to the endpoint, as a name server with a wildcard does.</summary>
    private sealed class ToGateway(int port) : HttpClientFactory
    {
        public static HashSet<string> Hosts { get; } = [];

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new SocketsHttpHandler
        {
            ConnectCallback = async (context, ct) =>
            {
                Hosts.Add(context.DnsEndPoint.Host);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    private sealed class Changing(Action<byte[]> change) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new Handler(change));

        private sealed class Handler(Action<byte[]> change) : DelegatingHandler(new SocketsHttpHandler())
        {
            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                if (request.Content is { } content)
                {
                    var body = await content.ReadAsByteArrayAsync(cancellationToken);
                    change(body);
                    request.Content = new ByteArrayContent(body);
                    foreach (var header in content.Headers) request.Content.Headers.TryAddWithoutValidation(header.Key, header.Value);
                }

                return await base.SendAsync(request, cancellationToken);
            }
        }
    }
}
