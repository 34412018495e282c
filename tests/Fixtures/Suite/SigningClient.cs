using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperBdr.Fixtures.Suite;

/// <summary>A machine caller with an access key: every request carries its signature and no session.</summary>
public sealed class SigningClient(RunningSuite suite, string accessKey, string secret) : IDisposable
{
    private readonly HttpClient http = suite.Client(suite.Console, cookies: null);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null, CancellationToken ct = default)
    {
        var bytes = body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body);
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } };
        Sign(request, path, bytes);
        return await http.SendAsync(request, ct);
    }

    public async Task<JsonNode> OkAsync(HttpMethod method, string path, object? body = null)
    {
        using var response = await SendAsync(method, path, body);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!
            : throw new HttpRequestException($"{method} {path}: {(int)response.StatusCode} {text}");
    }

    public void Dispose() => http.Dispose();

    private void Sign(HttpRequestMessage request, string pathAndQuery, byte[] body)
    {
        var (path, query) = pathAndQuery.Split('?', 2) is [var p, var q] ? (p, q) : (pathAndQuery, "");
        var sorted = string.Join('&', query.Split('&', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        var time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var text = string.Join('\n', request.Method.Method, path, sorted, time, nonce, Convert.ToHexStringLower(SHA256.HashData(body)));
        request.Headers.Add("X-AK", accessKey);
        request.Headers.Add("X-TS", time);
        request.Headers.Add("X-Nonce", nonce);
        request.Headers.Add("X-SIGN", Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text))));
    }
}

public static class SuiteClients
{
    /// <summary>A client that trusts the suite's own authority and nothing else.</summary>
    public static HttpClient Client(this RunningSuite suite, Uri address, CookieContainer? cookies)
    {
        var authority = suite.Authority;
        var handler = new SocketsHttpHandler { UseCookies = cookies is not null, AllowAutoRedirect = false, MaxConnectionsPerServer = 64 };
        if (cookies is not null) handler.CookieContainer = cookies;
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        return new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(65) };
    }
}
