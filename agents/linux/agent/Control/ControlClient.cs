using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization.Metadata;
using HyperBdr.LinuxAgent.Config;

namespace HyperBdr.LinuxAgent.Control;

/// <summary>Asks the running agent; every answer is null when none runs.</summary>
internal sealed class ControlClient : IDisposable
{
    private readonly HttpClient http;

    public ControlClient(AgentConfig config, string keyFile)
    {
        var scheme = config.ServerCertFile is null ? "http" : "https";
        http = new HttpClient(HandlerOf(config)) { BaseAddress = new Uri($"{scheme}://{config.ServerAddress}"), Timeout = config.ReadTimeout };
        var key = Inventory.SmallFile.Read(keyFile) ?? "";
        if (key.Length > 0) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public void Dispose() => http.Dispose();

    public Task<StatusDocument?> StatusAsync(CancellationToken ct) => AskAsync(HttpMethod.Get, "/v1/status", null, ControlJson.Default.StatusDocument, ct);

    public Task<DevicesDocument?> DevicesAsync(CancellationToken ct) => AskAsync(HttpMethod.Get, "/v1/devices", null, ControlJson.Default.DevicesDocument, ct);

    public Task<CowsDocument?> CopyOnWriteAsync(CancellationToken ct) => AskAsync(HttpMethod.Get, "/v1/cow", null, ControlJson.Default.CowsDocument, ct);

    public Task<ReadRateDocument?> ReadRateAsync(CancellationToken ct) => AskAsync(HttpMethod.Get, "/v1/read_rate", null, ControlJson.Default.ReadRateDocument, ct);

    public Task<ReadRateDocument?> SetReadRateAsync(int rate, CancellationToken ct) =>
        AskAsync(HttpMethod.Put, "/v1/read_rate", JsonContent.Create(new ReadRateDocument(rate), ControlJson.Default.ReadRateDocument), ControlJson.Default.ReadRateDocument, ct);

    public Task<CleanDocument?> CleanAsync(CancellationToken ct) => AskAsync(HttpMethod.Post, "/v1/clean", null, ControlJson.Default.CleanDocument, ct);

    private async Task<T?> AskAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            using var answer = await http.SendAsync(request, ct);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync(type, ct) : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static SocketsHttpHandler HandlerOf(AgentConfig config)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (config.ServerCertFile is not { } file) return handler;
        // Exactly the certificate that the file holds: no authority is asked about a port of this machine.
        using var own = X509Certificate2.CreateFromPem(File.ReadAllText(file));
        var expected = own.RawData;
        handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(expected) };
        return handler;
    }
}
