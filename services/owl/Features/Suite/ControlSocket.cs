using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using HyperBdr.Contracts.Control;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Owl.Features.Suite;

/// <summary>The control socket of the process that runs the suite: <c>$HYPERBDR_HOME/run/control.sock</c>, HTTP with JSON.</summary>
/// <remarks>There is none when the suite runs in containers; then the platform's own tools say and do these things.</remarks>
internal sealed class ControlSocket : IDisposable
{
    public static readonly Error NoControl = new(ErrorKind.Unavailable, "owl.suite.no_control", "This installation has no control socket: use the tools of your container platform to see and restart services.");
    public static readonly Error NotFound = new(ErrorKind.NotFound, "owl.suite.not_found", "No such service.");

    private readonly HttpClient client;

    public ControlSocket(SecretFiles home)
    {
        var path = Path.Combine(home.Home, "run", "control.sock");
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        client = new HttpClient(handler) { BaseAddress = new Uri("http://control/"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public async Task<Result<SuiteStatus>> StatusAsync(CancellationToken ct)
    {
        var answer = await SendAsync(HttpMethod.Get, "status", ct);
        return answer.IsError ? answer.Error : JsonSerializer.Deserialize<SuiteStatus>(answer.Value, Json.Options)!;
    }

    public async Task<Result<string>> LogsAsync(string service, int tail, CancellationToken ct) =>
        await SendAsync(HttpMethod.Get, $"services/{Uri.EscapeDataString(service)}/logs?tail={tail}", ct);

    public async Task<Result<Done>> RestartAsync(string service, CancellationToken ct)
    {
        var answer = await SendAsync(HttpMethod.Post, $"services/{Uri.EscapeDataString(service)}/restart", ct);
        return answer.IsError ? answer.Error : Done.Instance;
    }

    public void Dispose() => client.Dispose();

    private async Task<Result<string>> SendAsync(HttpMethod method, string path, CancellationToken ct)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            using var response = await client.SendAsync(request, ct);
            var text = await response.Content.ReadAsStringAsync(ct);
            if (response.IsSuccessStatusCode) return text;
            if (response.StatusCode == HttpStatusCode.NotFound) return NotFound;
            return new Error(ErrorKind.Conflict, "owl.suite.refused", ProblemOf(text));
        }
        catch (Exception e) when (e is HttpRequestException or SocketException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return NoControl;
        }
    }

    private static string ProblemOf(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<ControlProblem>(text, Json.Options)?.Message ?? "The suite refused this.";
        }
        catch (JsonException)
        {
            return "The suite refused this.";
        }
    }
}
