using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperBdr.Demo.Api;

/// <summary>A program with an access key: every request carries its signature and no session.</summary>
internal sealed class SignedClient(SuiteAddress suite, string accessKey, string secret, TimeProvider time) : IDisposable
{
    private readonly HttpClient http = suite.Client(suite.Console, cookies: null);

    public Task<JsonNode> GetAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, ct);

    public Task<JsonNode> PostAsync(string path, object body, CancellationToken ct) => SendAsync(HttpMethod.Post, path, body, ct);

    public void Dispose() => http.Dispose();

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, object? body, CancellationToken ct)
    {
        var bytes = body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body);
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } };
        Sign(request, path, bytes);
        using var response = await http.SendAsync(request, ct);
        return await Answers.ReadAsync(response, ct);
    }

    private void Sign(HttpRequestMessage request, string pathAndQuery, byte[] body)
    {
        var (path, query) = pathAndQuery.Split('?', 2) is [var p, var q] ? (p, q) : (pathAndQuery, "");
        var sorted = string.Join('&', query.Split('&', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        var now = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var text = string.Join('\n', request.Method.Method, path, sorted, now, nonce, Convert.ToHexStringLower(SHA256.HashData(body)));
        request.Headers.Add("X-AK", accessKey);
        request.Headers.Add("X-TS", now);
        request.Headers.Add("X-Nonce", nonce);
        request.Headers.Add("X-SIGN", Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text))));
    }
}
