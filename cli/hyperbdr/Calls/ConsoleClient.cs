using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperBdr.Cli.Calls;

/// <summary>Calls of the console, each signed with the access key (hex HMAC-SHA256 of method, path, sorted query, time, nonce and body hash, one per line).</summary>
internal sealed class ConsoleClient : IDisposable
{
    private const int LargestAnswer = 64 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(65);
    private readonly HttpClient http;
    private readonly Profile profile;
    private readonly Io io;

    private ConsoleClient(HttpClient http, Profile profile, Io io) => (this.http, this.profile, this.io) = (http, profile, io);

    public static ConsoleClient Open(Profile profile, Io io)
    {
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false };
        if (profile.Authority is { } file)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities(file));
        }

        return new ConsoleClient(new HttpClient(handler) { BaseAddress = profile.Url, Timeout = Patience, MaxResponseContentBufferSize = LargestAnswer }, profile, io);
    }

    public Task<JsonNode> GetAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, ct);

    public Task<JsonNode> PostAsync(string path, JsonObject? body, CancellationToken ct) => SendAsync(HttpMethod.Post, path, body ?? [], ct);

    /// <exception cref="CommandFailedException">It cannot be reached, or refuses.</exception>
    public async Task<JsonNode> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken ct)
    {
        var bytes = body is null ? [] : Encoding.UTF8.GetBytes(body.ToJsonString());
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } };
        Sign(request, path, bytes);
        try
        {
            using var answer = await http.SendAsync(request, ct);
            var text = await answer.Content.ReadAsStringAsync(ct);
            var node = Parse(text);
            return answer.IsSuccessStatusCode ? node : throw Refusal(answer.StatusCode, node);
        }
        catch (HttpRequestException e)
        {
            throw new CommandFailedException(ExitCodes.Unreachable, "cli.unreachable", $"The console {profile.Url} cannot be reached: {Innermost(e).Message}");
        }
        catch (TaskCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new CommandFailedException(ExitCodes.Unreachable, "cli.unreachable", $"The console {profile.Url} did not answer within {Patience.TotalSeconds:0} s.");
        }
    }

    public void Dispose() => http.Dispose();

    private void Sign(HttpRequestMessage request, string target, byte[] body)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        var query = question < 0 ? "" : string.Join('&', target[(question + 1)..].Split('&').Order(StringComparer.Ordinal));
        var time = io.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var text = string.Join('\n', request.Method.Method, path, query, time, nonce, Convert.ToHexStringLower(SHA256.HashData(body)));
        request.Headers.Add("X-AK", profile.AccessKey);
        request.Headers.Add("X-TS", time);
        request.Headers.Add("X-Nonce", nonce);
        request.Headers.Add("X-SIGN", Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(profile.SecretKey), Encoding.UTF8.GetBytes(text))));
    }

    private static X509Certificate2Collection Authorities(string file)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(file);
            if (all.Count == 0) all.Add(X509CertificateLoader.LoadCertificateFromFile(file));
            return all;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException(ExitCodes.Usage, "cli.authority", $"The authority {file} cannot be read: {e.Message}");
        }
    }

    private static JsonNode Parse(string text)
    {
        try
        {
            return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text) ?? new JsonObject();
        }
        catch (JsonException)
        {
            return new JsonObject();
        }
    }

    /// <summary>The reason first; then each field that is not acceptable.</summary>
    private static CommandFailedException Refusal(HttpStatusCode status, JsonNode problem)
    {
        var code = Fields.Text(problem, "code") is { Length: > 0 } c ? c : "cli.refused";
        var message = Fields.Text(problem, "title") is { Length: > 0 } t ? t : $"The console answered {(int)status}.";
        if (problem is JsonObject o && o["errors"] is JsonObject errors)
            message += " " + string.Join(' ', errors.Select(e => $"{e.Key}: {string.Join(' ', (e.Value as JsonArray ?? []).Select(m => m?.ToString()))}"));
        var exit = status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCodes.NotAllowed,
            >= HttpStatusCode.InternalServerError => ExitCodes.Unreachable,
            _ => ExitCodes.Refused,
        };
        return new CommandFailedException(exit, code, message);
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
