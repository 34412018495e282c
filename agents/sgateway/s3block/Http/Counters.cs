using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using HyperBdr.S3Block.Storage;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.S3Block.Http;

/// <summary>What the endpoint did since it started, in the text format of Prometheus (exposition format 0.0.4).</summary>
internal sealed class Counters(DataFolder data)
{
    private static readonly double[] Bounds = [0.005, 0.025, 0.1, 0.5, 2.5, 10];

    private readonly ConcurrentDictionary<(string Method, int Status), long> requests = new();
    private readonly ConcurrentDictionary<string, long> refusals = new(StringComparer.Ordinal);
    private readonly long[] buckets = new long[Bounds.Length + 1];
    private long received;
    private long sent;
    private long damaged;
    private long microseconds;

    public void Count(HttpContext http, TimeSpan took)
    {
        // Only methods that S3 has become label values: anybody can send others.
        var method = http.Request.Method is "GET" or "HEAD" or "PUT" or "POST" or "DELETE" or "OPTIONS" ? http.Request.Method : "OTHER";
        requests.AddOrUpdate((method, http.Response.StatusCode), 1, (_, n) => n + 1);
        if (http.Response.StatusCode < 300)
        {
            Interlocked.Add(ref received, http.Request.ContentLength ?? 0);
            if (method == "GET") Interlocked.Add(ref sent, http.Response.ContentLength ?? 0);
        }

        var slot = Array.FindIndex(Bounds, b => took.TotalSeconds <= b);
        Interlocked.Increment(ref buckets[slot < 0 ? Bounds.Length : slot]);
        Interlocked.Add(ref microseconds, (long)took.TotalMicroseconds);
    }

    public void Refused(string code) => refusals.AddOrUpdate(code, 1, (_, n) => n + 1);

    public void Damaged() => Interlocked.Increment(ref damaged);

    public string Text()
    {
        var text = new StringBuilder();
        Head(text, "s3block_requests_total", "counter", "Finished calls.");
        foreach (var ((method, status), count) in requests.OrderBy(r => r.Key)) Line(text, $"s3block_requests_total{{method=\"{method}\",status=\"{status}\"}}", count);
        Head(text, "s3block_errors_total", "counter", "Calls that were refused or failed, by code.");
        foreach (var (code, count) in refusals.OrderBy(r => r.Key, StringComparer.Ordinal)) Line(text, $"s3block_errors_total{{code=\"{code}\"}}", count);
        Head(text, "s3block_received_bytes_total", "counter", "Bytes of bodies of successful calls.");
        Line(text, "s3block_received_bytes_total", Interlocked.Read(ref received));
        Head(text, "s3block_sent_bytes_total", "counter", "Bytes of objects answered.");
        Line(text, "s3block_sent_bytes_total", Interlocked.Read(ref sent));
        Head(text, "s3block_damaged_reads_total", "counter", "Reads that met damaged bytes.");
        Line(text, "s3block_damaged_reads_total", Interlocked.Read(ref damaged));
        Head(text, "s3block_free_bytes", "gauge", "Free bytes of the data folder's file system.");
        Line(text, "s3block_free_bytes", data.FreeBytes());
        Latency(text);
        return text.ToString();
    }

    private void Latency(StringBuilder text)
    {
        Head(text, "s3block_request_seconds", "histogram", "How long calls took.");
        var all = 0L;
        for (var i = 0; i < buckets.Length; i++)
        {
            all += Interlocked.Read(ref buckets[i]);
            Line(text, $"s3block_request_seconds_bucket{{le=\"{(i < Bounds.Length ? Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf")}\"}}", all);
        }

        text.Append(CultureInfo.InvariantCulture, $"s3block_request_seconds_sum {Interlocked.Read(ref microseconds) / 1e6}\n");
        Line(text, "s3block_request_seconds_count", all);
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Line(StringBuilder text, string name, long value) => text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
}
