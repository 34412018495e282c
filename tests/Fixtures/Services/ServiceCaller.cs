using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Grpc.Core;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Fixtures.Services;

/// <summary>Calls one service directly as the gateway would on behalf of a person.</summary>
public sealed class ServiceCaller(ServiceProcess service, string home, Caller caller) : IDisposable
{
    private readonly InternalTokens tokens = new(new SecretFiles(ServiceProcess.HomeConfiguration(home)), TimeProvider.System);
    private readonly HttpClient http = new() { BaseAddress = service.Http, Timeout = TimeSpan.FromSeconds(30) };

    public Metadata GrpcHeaders => new() { { "authorization", $"Bearer {Token}" } };

    private string Token => tokens.Mint("gateway", service.Name, caller);

    public async Task<(int Status, JsonNode Body)> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
        if (body is string text) request.Content = new StringContent(text, System.Text.Encoding.UTF8, "application/json");
        else if (body is not null) request.Content = JsonContent.Create(body);
        using var answer = await http.SendAsync(request);
        var content = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, content.Length == 0 ? new JsonObject() : JsonNode.Parse(content)!);
    }

    public Task<(int Status, JsonNode Body)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<(int Status, JsonNode Body)> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body);

    public void Dispose() => http.Dispose();
}
