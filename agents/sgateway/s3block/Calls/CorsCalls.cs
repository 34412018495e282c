using System.Globalization;
using HyperBdr.S3Block.Http;
using HyperBdr.S3Block.Keys;
using HyperBdr.S3Block.Storage;

namespace HyperBdr.S3Block.Calls;

/// <summary>CORS: a bucket's rules, preflight, and the headers of answers to browsers.</summary>
internal sealed class CorsCalls(DataFolder data)
{
    private const int MaxRules = 100;

    private static readonly string[] Methods = ["GET", "PUT", "HEAD", "POST", "DELETE"];

    public async Task ConfigureAsync(S3Request request, Bucket bucket)
    {
        if (request.Method == "GET")
        {
            request.Demand(StorageAct.Look);
            var rules = bucket.Config.Cors ?? throw new S3Refusal(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist");
            await Xml.AnswerAsync(request.Http, Xml.Element("CORSConfiguration", rules.Select(r => Xml.Element("CORSRule", r.Id is null ? null : Xml.Element("ID", r.Id),
                r.Methods.Select(m => Xml.Element("AllowedMethod", m)), r.Origins.Select(o => Xml.Element("AllowedOrigin", o)), r.Headers.Select(h => Xml.Element("AllowedHeader", h)), r.Exposed.Select(e => Xml.Element("ExposeHeader", e)),
                r.MaxAge is { } age ? Xml.Element("MaxAgeSeconds", age) : null))));
            return;
        }

        request.Demand(StorageAct.Configure);
        if (request.Method == "DELETE")
        {
            await data.ConfigureAsync(bucket, c => c with { Cors = null }, request.Aborted);
            request.Http.Response.StatusCode = 204;
            return;
        }

        var document = await Xml.ReadAsync(request);
        var made = document.All("CORSRule").Select(r => new CorsRule(
            r.Text("ID"),
            [.. r.All("AllowedOrigin").Select(e => e.Value)],
            [.. r.All("AllowedMethod").Select(e => Methods.Contains(e.Value) ? e.Value : throw S3Refusal.BadRequest($"Found unsupported HTTP method in CORS config. Unsupported method is {e.Value}"))],
            [.. r.All("AllowedHeader").Select(e => e.Value)],
            [.. r.All("ExposeHeader").Select(e => e.Value)],
            int.TryParse(r.Text("MaxAgeSeconds"), out var age) ? age : null)).ToList();
        if (made.Count is 0 or > MaxRules || made.Exists(r => r.Origins.Count == 0 || r.Methods.Count == 0)) throw S3Refusal.MalformedXml();
        await data.ConfigureAsync(bucket, c => c with { Cors = made }, request.Aborted);
    }

    /// <summary>Nobody signs a preflight: browsers send it by themselves.</summary>
    public static void Preflight(S3Request request, Bucket? bucket)
    {
        var origin = request.Header("Origin") ?? throw S3Refusal.BadRequest("Insufficient information. Origin request header needed.");
        var method = request.Header("Access-Control-Request-Method") ?? throw S3Refusal.BadRequest("Invalid Access-Control-Request-Method: null");
        var asked = (request.Header("Access-Control-Request-Headers") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var rule = bucket?.Config.Cors?.FirstOrDefault(r => Fits(r, origin, method) && asked.All(h => r.Headers.Any(a => Like(a.ToLowerInvariant(), h.ToLowerInvariant()))));
        if (rule is null) throw new S3Refusal(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.");
        Answer(request, rule, origin);
        if (asked.Length > 0) request.Http.Response.Headers["Access-Control-Allow-Headers"] = string.Join(", ", asked);
        if (rule.MaxAge is { } age) request.Http.Response.Headers["Access-Control-Max-Age"] = age.ToString(CultureInfo.InvariantCulture);
    }

    public static void Decorate(S3Request request, Bucket? bucket)
    {
        if (request.Header("Origin") is not { } origin || bucket?.Config.Cors is not { } rules) return;
        if (rules.FirstOrDefault(r => Fits(r, origin, request.Method)) is { } rule) Answer(request, rule, origin);
    }

    private static void Answer(S3Request request, CorsRule rule, string origin)
    {
        var headers = request.Http.Response.Headers;
        var any = rule.Origins.Contains("*", StringComparer.Ordinal);
        headers["Access-Control-Allow-Origin"] = any ? "*" : origin;
        headers["Access-Control-Allow-Methods"] = string.Join(", ", rule.Methods);
        if (!any) headers["Access-Control-Allow-Credentials"] = "true";
        if (rule.Exposed.Count > 0) headers["Access-Control-Expose-Headers"] = string.Join(", ", rule.Exposed);
        headers.Vary = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";
    }

    private static bool Fits(CorsRule rule, string origin, string method) => rule.Methods.Contains(method, StringComparer.Ordinal) && rule.Origins.Any(o => Like(o, origin));

    /// <summary>One star at most stands for anything.</summary>
    private static bool Like(string pattern, string text)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0 ? pattern == text : text.Length >= pattern.Length - 1 && text.StartsWith(pattern[..star], StringComparison.Ordinal) && text.EndsWith(pattern[(star + 1)..], StringComparison.Ordinal);
    }
}
