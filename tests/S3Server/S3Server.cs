using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HyperBdr.S3Testing;

/// <summary>A small S3 endpoint on loopback for tests: strict about signatures, hashes and conditions, and able to go wrong on demand.</summary>
/// <remarks>One bucket; path style; objects in memory or in a folder. Objects are bounded by <see cref="MaxBodyBytes"/> per request.</remarks>
public sealed class S3Server : IAsyncDisposable
{
    private const long MaxBodyBytes = 512L << 20;
    private readonly S3ServerOptions options;
    private readonly SigV4 signatures;
    private readonly ObjectTable objects;
    private readonly S3Bucket bucket;
    private readonly Uploads uploads;
    private readonly WebApplication app;
    private int requests;
    private int verified;

    private S3Server(string? folder, S3ServerOptions options, WebApplication app)
    {
        (this.options, this.app) = (options, app);
        signatures = new SigV4(options);
        objects = new ObjectTable(folder, options.Time);
        bucket = new S3Bucket(objects, options);
        uploads = new Uploads(objects, options);
    }

    /// <summary>Where it listens, for example <c>http://127.0.0.1:41234</c>.</summary>
    public Uri Endpoint { get; private set; } = new("http://127.0.0.1");

    public S3ServerOptions Options => options;

    /// <summary>Decides per request what goes wrong; may be changed at any time.</summary>
    public Func<S3Call, S3Fault> Inject { get; set; } = _ => S3Fault.None;

    /// <summary>Requests that came in.</summary>
    public int Requests => requests;

    /// <summary>Requests whose signature and hashes held.</summary>
    public int Verified => verified;

    /// <summary>Uploads that were neither completed nor aborted.</summary>
    public int OpenUploads => uploads.Open;

    public IReadOnlyList<string> Keys => [.. objects.All.Select(o => o.Key).Order(StringComparer.Ordinal)];

    /// <summary>Starts a server; <paramref name="folder"/> null keeps objects in memory.</summary>
    public static async Task<S3Server> StartAsync(string? folder, S3ServerOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Limits.MaxRequestBodySize = MaxBodyBytes;
            k.Limits.MinRequestBodyDataRate = null;
            k.Listen(IPAddress.Loopback, options.Port, o =>
            {
                o.Protocols = HttpProtocols.Http1;
                if (options.Certificate is { } certificate) o.UseHttps(certificate);
            });
        });
        var web = builder.Build();
        var server = new S3Server(folder, options, web);
        web.Run(server.AnswerAsync);
        await web.StartAsync();
        server.Endpoint = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(limit.Token);
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var number = Interlocked.Increment(ref requests);
        var path = http.Request.Path.Value!.TrimStart('/').Split('/', 2);
        var key = path.Length == 2 ? path[1] : "";
        var call = new S3Call(number, http.Request.Method, key, Operation(http.Request, key));
        var fault = Inject(call);
        if (fault == S3Fault.ResetRequest)
        {
            http.Abort();
            return;
        }

        var raw = await RequestBody.ReceiveAsync(http.Request);
        if (options.Delay > TimeSpan.Zero) await Task.Delay(options.Delay, options.Time, http.RequestAborted);
        if (fault == S3Fault.Hang) await Task.Delay(Timeout.Infinite, http.RequestAborted);
        var answer = Before(fault) ?? await PerformAsync(http, path[0], call, raw, fault);
        await SendAsync(http, After(fault, answer), fault);
    }

    private async Task<S3Answer> PerformAsync(HttpContext http, string bucketName, S3Call call, byte[] raw, S3Fault fault)
    {
        var request = http.Request;
        if (signatures.Refusal(request, call, out var signed) is { } unsigned) return unsigned;
        if (RequestBody.Decode(request, signed, raw, options.KeepsChecksums, out var content, out var checksum) is { } broken) return broken;
        Interlocked.Increment(ref verified);
        if (bucketName != options.Bucket) return S3Answer.Error(404, "NoSuchBucket");
        return call.Operation switch
        {
            "put" => await bucket.PutAsync(request, call.Key, content, checksum, fault),
            "get" or "head" => await bucket.GetAsync(request, call.Key, fault),
            "delete" => bucket.Delete(call.Key, fault),
            "list" => bucket.List(request, fault),
            "head-bucket" => S3Answer.Empty() with { Headers = new Dictionary<string, string>(options.BucketHeaders()) },
            "create-upload" => uploads.Create(request, call.Key),
            "part" => uploads.PutPart(request, content, checksum),
            "complete" => await uploads.CompleteAsync(request, call.Key, content, fault),
            "abort" => uploads.Abort(request),
            "list-uploads" => uploads.List(request),
            _ => S3Answer.Error(501, "NotImplemented"),
        };
    }

    private static string Operation(HttpRequest request, string key)
    {
        var has = request.Query.ContainsKey;
        return (request.Method, key.Length > 0) switch
        {
            ("GET", false) => has("uploads") ? "list-uploads" : "list",
            ("HEAD", false) => "head-bucket",
            ("GET", true) => "get",
            ("HEAD", true) => "head",
            ("PUT", true) => has("partNumber") ? "part" : "put",
            ("DELETE", true) => has("uploadId") ? "abort" : "delete",
            ("POST", true) => has("uploads") ? "create-upload" : has("uploadId") ? "complete" : "unknown",
            _ => "unknown",
        };
    }

    private static S3Answer? Before(S3Fault fault) => fault switch
    {
        S3Fault.InternalError => S3Answer.Error(500, "InternalError"),
        S3Fault.SlowDown => S3Answer.Error(503, "SlowDown"),
        S3Fault.ProxyPage => new S3Answer(503, "<html><body>no healthy upstream</body></html>"u8.ToArray(), "text/html"),
        S3Fault.ErrorInOk => S3Answer.Error(200, "InternalError"),
        S3Fault.Conflict => S3Answer.Error(409, "ConditionalRequestConflict"),
        S3Fault.Skewed => S3Answer.Error(403, "RequestTimeTooSkewed"),
        S3Fault.ExpiredToken => S3Answer.Error(400, "ExpiredToken"),
        S3Fault.AccessDenied => S3Answer.Error(403, "AccessDenied"),
        S3Fault.NoSuchBucket => S3Answer.Error(404, "NoSuchBucket"),
        S3Fault.Full => S3Answer.Error(507, "InsufficientCapacity"),
        S3Fault.Redirect => S3Answer.Error(301, "PermanentRedirect"),
        _ => null,
    };

    private static S3Answer After(S3Fault fault, S3Answer answer)
    {
        switch (fault)
        {
            case S3Fault.InternalErrorAfter: return S3Answer.Error(500, "InternalError");
            case S3Fault.ErrorInOkAfter: return S3Answer.Error(200, "InternalError");
            case S3Fault.FlippedBit: return answer with { Body = S3Bucket.Flip(answer.Body) };
            case S3Fault.TruncatedSilently: return answer with { Body = answer.Body[..(answer.Body.Length / 2)], Length = null };
            case S3Fault.WrongETag:
                answer.Headers["ETag"] = "\"00000000000000000000000000000000\"";
                return answer;
            case S3Fault.WrongChecksum:
                foreach (var sum in answer.Headers.Keys.Where(k => k is "x-amz-checksum-crc32c" or "x-amz-checksum-sha256").ToList()) answer.Headers[sum] = "AAAAAA==";
                return answer;
            default: return answer;
        }
    }

    private async Task SendAsync(HttpContext http, S3Answer answer, S3Fault fault)
    {
        if (fault == S3Fault.ResetResponse)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = answer.Status;
        http.Response.Headers.Date = options.Time.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        http.Response.Headers["x-amz-request-id"] = http.TraceIdentifier;
        if (answer.ContentType is not null) http.Response.ContentType = answer.ContentType;
        foreach (var (name, value) in answer.Headers) http.Response.Headers[name] = value;
        if (answer.Status != StatusCodes.Status204NoContent) http.Response.ContentLength = answer.Length ?? answer.Body.Length;
        if (HttpMethods.IsHead(http.Request.Method)) return;
        if (fault == S3Fault.TruncatedBody)
        {
            await http.Response.Body.WriteAsync(answer.Body[..(answer.Body.Length / 2)]);
            await http.Response.Body.FlushAsync();
            http.Abort();
            return;
        }

        await http.Response.Body.WriteAsync(answer.Body);
    }
}
