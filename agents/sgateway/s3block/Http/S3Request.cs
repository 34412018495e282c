using System.Globalization;
using System.Text;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace HyperBdr.S3Block.Http;

/// <summary>One call of the protocol: what it is about, decoded once from what was really sent.</summary>
internal sealed class S3Request
{
    private const int MaxKeyBytes = 1024;

    public S3Request(HttpContext http, string? domain)
    {
        Http = http;
        var raw = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (raw.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || raw.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            var slash = raw.IndexOf('/', 8);
            raw = slash < 0 ? "/" : raw[slash..];
        }

        var mark = raw.IndexOf('?', StringComparison.Ordinal);
        Path = Decode(mark < 0 ? raw : raw[..mark]);
        Query = Parse(mark < 0 ? "" : raw[(mark + 1)..]);
        (BucketName, Key) = Split(Path, HostedBucket(http.Request.Host.Host, domain));
        if (Encoding.UTF8.GetByteCount(Key) > MaxKeyBytes) throw new S3Refusal(400, "KeyTooLongError", "Your key is too long.");
    }

    public HttpContext Http { get; }

    /// <summary>Decoded.</summary>
    public string Path { get; }

    /// <summary>Decoded, in the order of the request.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; }

    /// <summary>Empty for the service itself.</summary>
    public string BucketName { get; }

    /// <summary>Empty for the bucket itself.</summary>
    public string Key { get; }

    public Identity Identity { get; set; } = null!;

    public SignedRequest Signed { get; set; } = null!;

    public string Method => Http.Request.Method;

    public CancellationToken Aborted => Http.RequestAborted;

    public bool Has(string name) => Query.Any(q => q.Key == name);

    /// <summary>Null when it is not there.</summary>
    public string? this[string name] => Query.FirstOrDefault(q => q.Key == name).Value;

    /// <summary>Null when it is not there or empty.</summary>
    public string? Header(string name) => Http.Request.Headers[name].ToString() is { Length: > 0 } value ? value : null;

    public int Number(string name, int otherwise, int min, int max)
    {
        if (this[name] is not { Length: > 0 } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min
            ? Math.Min(number, max)
            : throw S3Refusal.Invalid($"{name} must be an integer between {min} and {max}.");
    }

    /// <summary>Null for the current one.</summary>
    public string? VersionId => this["versionId"] is { Length: > 0 } version ? version : null;

    public void Demand(StorageAct act)
    {
        if (!Identity.May(act, BucketName, Key)) throw S3Refusal.AccessDenied();
    }

    public void Demand(StorageAct act, string key)
    {
        if (!Identity.May(act, BucketName, key)) throw S3Refusal.AccessDenied();
    }

    public void AnswerVersion(Bucket bucket, Entry entry)
    {
        if (bucket.Config.Versioning != Versioning.Off) Http.Response.Headers["x-amz-version-id"] = entry.VersionId;
    }

    /// <summary>Percent signs only; a plus is a plus.</summary>
    public static string Decode(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal)) return text;
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes[count++] = value;
                i += 2;
            }
            else
            {
                count += Encoding.UTF8.GetBytes(text.AsSpan(i, 1), bytes.AsSpan(count));
            }
        }

        try
        {
            return Strict.GetString(bytes, 0, count);
        }
        catch (DecoderFallbackException)
        {
            throw new S3Refusal(400, "InvalidURI", "Could not parse the specified URI: it is not UTF-8.");
        }
    }

    private static readonly UTF8Encoding Strict = new(false, true);

    private static List<KeyValuePair<string, string>> Parse(string query)
    {
        var all = new List<KeyValuePair<string, string>>();
        foreach (var part in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? part : part[..equals];
            all.Add(new(Value(name), equals < 0 ? "" : Value(part[(equals + 1)..])));
        }

        return all;

        static string Value(string text) => Decode(text.Replace('+', ' '));
    }

    private static string? HostedBucket(string host, string? domain) =>
        domain is not null && host.Length > domain.Length + 1 && host.EndsWith(domain, StringComparison.OrdinalIgnoreCase) && host[^(domain.Length + 1)] == '.' ? host[..^(domain.Length + 1)].ToLowerInvariant() : null;

    private static (string Bucket, string Key) Split(string path, string? hosted)
    {
        var rest = path.StartsWith('/') ? path[1..] : path;
        if (hosted is not null) return (hosted, rest);
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (rest, "") : (rest[..slash], rest[(slash + 1)..]);
    }
}
