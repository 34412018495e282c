using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace HyperBdr.Identity.Tests;

internal static class Calls
{
    public static Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, object? body)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        return client.SendAsync(request);
    }

    public static async Task<Answer> AskAsync(HttpClient client, HttpMethod method, string path, object? body = null) =>
        await Answer.ReadAsync(await SendAsync(client, method, $"/api/v1/identity{path}", body));
}

/// <summary>A Redis that a test may kill.</summary>
internal sealed class OwnRedis : IAsyncDisposable
{
    private readonly Process process;

    private OwnRedis(Process process, int port) => (this.process, Address) = (process, $"127.0.0.1:{port},syncTimeout=1000,asyncTimeout=1000,connectTimeout=1000");

    public string Address { get; }

    public static async Task<OwnRedis> StartAsync(string folder)
    {
        var port = 23_100 + Environment.ProcessId % 800;
        var started = Process.Start(new ProcessStartInfo("redis-server", $"--port {port} --bind 127.0.0.1 --save \"\" --dir {folder}") { RedirectStandardOutput = true, UseShellExecute = false })!;
        for (var deadline = Environment.TickCount64 + 10_000; Environment.TickCount64 < deadline; await Task.Delay(20))
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync("127.0.0.1", port);
                return new OwnRedis(started, port);
            }
            catch (SocketException) when (!started.HasExited)
            {
                continue;
            }
        }

        throw new TimeoutException("redis-server did not start");
    }

    public async ValueTask DisposeAsync()
    {
        if (process.HasExited) return;
        process.Kill();
        await process.WaitForExitAsync();
    }
}
