using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Storplus.Tests;

/// <summary>How a <see cref="StrictS3"/> misbehaves.</summary>
[Flags]
public enum Lie
{
    None = 0,
    /// <summary>Overwrites in spite of If-None-Match, as many small stores do.</summary>
    IgnoresConditions = 1,
    /// <summary>Lists nothing that was written.</summary>
    StaleList = 2,
    /// <summary>Answers ranges with bytes from the start.</summary>
    WrongRange = 4,
    /// <summary>Keeps what is deleted.</summary>
    KeepsDeleted = 8,
    /// <summary>Gives back other bytes.</summary>
    Corrupts = 16,
    /// <summary>Answers 507 to writes.</summary>
    Full = 32,
    /// <summary>Sends every request to another address.</summary>
    Redirects = 64,
    /// <summary>Does not know the condition: 501.</summary>
    NoConditions = 128,
    /// <summary>Its clock is an hour ahead.</summary>
    Skewed = 256,
    /// <summary>Accepts the connection and never answers.</summary>
    Hangs = 512,
    /// <summary>Answers a web page.</summary>
    WebPage = 1024,
    /// <summary>Takes no writes.</summary>
    DeniesWrites = 2048,
}

/// <summary>
/// A small S3 endpoint that is strict where the protocol is: it verifies each SigV4 signature and payload hash and honours conditional
/// creation atomically; one bucket, in memory.
/// </summary>
public sealed class StrictS3 : IAsyncDisposable
{
    public const string Region = "eu-test-1";
    public const string Bucket = "dr-copies";
    public const string AccessKey = "AKTEST0123456789";
    public const string Secret = "s3cr3t/with+odd=signs and space";
    private readonly ConcurrentDictionary<string, byte[]> objects = new(StringComparer.Ordinal);
    private readonly WebApplication app;

    private StrictS3(WebApplication app, int port) => (this.app, Port) = (app, port);

    public int Port { get; }

    public string Endpoint => $"127.0.0.1:{Port}";

    public Lie Lies { get; set; }

    public string RedirectTo { get; set; } = "";

    public IReadOnlyCollection<string> Keys => [.. objects.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Requests that passed the signature check.</summary>
    public int Verified => verified;

    private int verified;

    public static async Task<StrictS3> StartAsync(int port, System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port, o =>
        {
            o.Protocols = HttpProtocols.Http1;
            if (certificate is not null) o.UseHttps(certificate);
        }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        var web = builder.Build();
        var server = new StrictS3(web, port);
        web.Run(server.AnswerAsync);
        await web.StartAsync();
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
        using var buffer = new MemoryStream();
        await http.Request.Body.CopyToAsync(buffer);
        var body = buffer.ToArray();
        if (Lies.HasFlag(Lie.Hangs)) await Task.Delay(Timeout.Infinite, http.RequestAborted);
        if (Lies.HasFlag(Lie.WebPage))
        {
            await http.Response.WriteAsync("<html><body>Welcome</body>");
            return;
        }

        if (Lies.HasFlag(Lie.Redirects))
        {
            http.Response.Headers.Location = RedirectTo;
            await RefuseAsync(http, 307, "TemporaryRedirect");
            return;
        }

        if (Refusal(http, body) is { } refusal) await RefuseAsync(http, refusal.Status, refusal.Code);
        else await ServeAsync(http, body);
    }

    private async Task ServeAsync(HttpContext http, byte[] body)
    {
        Interlocked.Increment(ref verified);
        var path = http.Request.Path.Value!.TrimStart('/').Split('/', 2);
        if (path[0] != Bucket) await RefuseAsync(http, 404, "NoSuchBucket");
        else if (path.Length == 1 || path[1].Length == 0) await ListAsync(http);
        else if (HttpMethods.IsPut(http.Request.Method)) await PutAsync(http, path[1], body);
        else if (HttpMethods.IsDelete(http.Request.Method)) Delete(http, path[1]);
        else await GetAsync(http, path[1]);
    }

    private async Task PutAsync(HttpContext http, string key, byte[] body)
    {
        if (Lies.HasFlag(Lie.Full)) await RefuseAsync(http, 507, "InsufficientCapacity");
        else if (Lies.HasFlag(Lie.DeniesWrites)) await RefuseAsync(http, 403, "AccessDenied");
        else if (Lies.HasFlag(Lie.NoConditions) && http.Request.Headers.IfNoneMatch.Count > 0) await RefuseAsync(http, 501, "NotImplemented");
        else if (http.Request.Headers.IfNoneMatch == "*" && !Lies.HasFlag(Lie.IgnoresConditions))
        {
            if (!objects.TryAdd(key, body)) await RefuseAsync(http, 412, "PreconditionFailed");
        }
        else objects[key] = body;
    }

    private void Delete(HttpContext http, string key)
    {
        if (!Lies.HasFlag(Lie.KeepsDeleted)) objects.TryRemove(key, out _);
        http.Response.StatusCode = 204;
    }

    private async Task GetAsync(HttpContext http, string key)
    {
        if (!objects.TryGetValue(key, out var content))
        {
            await RefuseAsync(http, 404, "NoSuchKey");
            return;
        }

        if (Lies.HasFlag(Lie.Corrupts)) content = [.. content.Select(b => (byte)(b ^ 1))];
        if (http.Request.GetTypedHeaders().Range?.Ranges.Single() is { } range)
        {
            var from = (int)range.From!.Value;
            var to = (int)Math.Min(range.To ?? long.MaxValue, content.Length - 1);
            if (from >= content.Length)
            {
                await RefuseAsync(http, 416, "InvalidRange");
                return;
            }

            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes {from}-{to}/{content.Length}";
            content = Lies.HasFlag(Lie.WrongRange) ? content[..(to - from + 1)] : content[from..(to + 1)];
        }

        http.Response.ContentLength = content.Length;
        await http.Response.Body.WriteAsync(content);
    }

    /// <summary>Pages of two, so that continuation is exercised.</summary>
    private async Task ListAsync(HttpContext http)
    {
        XNamespace s3 = "http://s3.amazonaws.com/doc/2006-03-01/";
        var prefix = http.Request.Query["prefix"].ToString();
        var after = http.Request.Query["continuation-token"].ToString();
        var keys = Lies.HasFlag(Lie.StaleList) ? [] : Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(k, after) > 0).ToList();
        var page = keys.Take(2).ToList();
        var more = keys.Count > page.Count;
        var answer = new XElement(s3 + "ListBucketResult",
            new XElement(s3 + "Name", Bucket), new XElement(s3 + "Prefix", prefix), new XElement(s3 + "KeyCount", page.Count), new XElement(s3 + "MaxKeys", 2),
            new XElement(s3 + "IsTruncated", more), more ? new XElement(s3 + "NextContinuationToken", page[^1]) : null,
            page.Select(k => new XElement(s3 + "Contents", new XElement(s3 + "Key", k), new XElement(s3 + "Size", objects.TryGetValue(k, out var v) ? v.Length : 0),
                new XElement(s3 + "LastModified", "2026-01-01T00:00:00.000Z"), new XElement(s3 + "ETag", "\"x\""), new XElement(s3 + "StorageClass", "STANDARD"))));
        http.Response.ContentType = "application/xml";
        await http.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>{answer}");
    }

    private static async Task RefuseAsync(HttpContext http, int status, string code)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/xml";
        await http.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{code}</Message><RequestId>1</RequestId></Error>");
    }

    /// <summary>AWS Signature Version 4, header form (docs.aws.amazon.com, 'Authenticating Requests: Using the Authorization Header').</summary>
    private (int Status, string Code)? Refusal(HttpContext http, byte[] body)
    {
        var request = http.Request;
        var parts = request.Headers.Authorization.ToString().Replace("AWS4-HMAC-SHA256 ", "", StringComparison.Ordinal).Split(',', StringSplitOptions.TrimEntries)
            .Select(p => p.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
        if (!parts.TryGetValue("Credential", out var credential) || !parts.TryGetValue("SignedHeaders", out var names) || !parts.TryGetValue("Signature", out var signature)) return (403, "AccessDenied");
        var scope = credential.Split('/');
        if (scope[0] != AccessKey) return (403, "InvalidAccessKeyId");
        if (scope[2] != Region) return (400, "AuthorizationHeaderMalformed");
        var date = request.Headers["x-amz-date"].ToString();
        var sent = DateTimeOffset.ParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        var now = TimeProvider.System.GetUtcNow() + (Lies.HasFlag(Lie.Skewed) ? TimeSpan.FromHours(1) : TimeSpan.Zero);
        if ((now - sent).Duration() > TimeSpan.FromMinutes(15)) return (403, "RequestTimeTooSkewed");
        var hash = request.Headers["x-amz-content-sha256"].ToString();
        if (hash != Convert.ToHexStringLower(SHA256.HashData(body))) return (400, "XAmzContentSHA256Mismatch");
        var query = string.Join('&', request.Query.SelectMany(q => q.Value.Select(v => $"{Escape(q.Key)}={Escape(v ?? "")}")).Order(StringComparer.Ordinal));
        var headers = string.Concat(names.Split(';').Select(n => $"{n}:{request.Headers[n].ToString().Trim()}\n"));
        var path = string.Join('/', request.Path.Value!.Split('/').Select(Escape));
        var canonical = $"{request.Method}\n{path}\n{query}\n{headers}\n{names}\n{hash}";
        var text = $"AWS4-HMAC-SHA256\n{date}\n{string.Join('/', scope[1..])}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + Secret);
        foreach (var part in scope[1..]) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text))) == signature ? null : (403, "SignatureDoesNotMatch");
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
