using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace HyperBdr.Contracts.Control;

/// <summary>Talks to the suite's control socket, <c>$HYPERBDR_HOME/run/control.sock</c>.</summary>
/// <remarks>Safe for concurrent use. Only the user who started the suite may connect.</remarks>
public sealed class ControlClient : IDisposable
{
    private readonly HttpClient _http;

    public ControlClient(string home)
    {
        Socket = SocketOf(home);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://control"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public string Socket { get; }

    public static string SocketOf(string home) => Path.Combine(home, "run", "control.sock");

    /// <summary>State of the suite; null when no suite runs with this home, or it ended while it answered.</summary>
    public async Task<SuiteStatus?> StatusAsync(CancellationToken ct)
    {
        try
        {
            return await _http.GetFromJsonAsync<SuiteStatus>("/status", ControlJson.Options, ct);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: not SocketError.AccessDenied } or IOException)
        {
            return null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Posts an order, e.g. <c>/restart</c> or <c>/services/ant/stop</c>; null when it was accepted.</summary>
    /// <exception cref="HttpRequestException">No suite runs, or it ended meanwhile.</exception>
    public async Task<ControlProblem?> PostAsync(string path, CancellationToken ct)
    {
        using var answer = await _http.PostAsync(new Uri(path, UriKind.Relative), content: null, ct);
        return answer.IsSuccessStatusCode ? null : await ProblemAsync(answer, ct);
    }

    /// <summary>A service's log as text; with <paramref name="follow"/> it does not end by itself.</summary>
    public async Task<(Stream? Text, ControlProblem? Problem)> LogsAsync(string service, int tail, bool follow, CancellationToken ct)
    {
        var path = $"/services/{Uri.EscapeDataString(service)}/logs?tail={tail}&follow={(follow ? "true" : "false")}";
        var answer = await _http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, ct);
        if (answer.IsSuccessStatusCode) return (await answer.Content.ReadAsStreamAsync(ct), null);
        using (answer) return (null, await ProblemAsync(answer, ct));
    }

    public void Dispose() => _http.Dispose();

    private static async Task<ControlProblem> ProblemAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        var unreadable = new ControlProblem("control.unreadable", $"the suite answered {(int)answer.StatusCode}");
        try
        {
            return await answer.Content.ReadFromJsonAsync<ControlProblem>(ControlJson.Options, ct) ?? unreadable;
        }
        catch (JsonException)
        {
            return unreadable;
        }
    }
}
