using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperBdr.Demo.Guest;

/// <summary>QEMU's machine protocol: one command at a time, events noted.</summary>
internal sealed class QmpClient : IDisposable
{
    private readonly Socket socket;
    private readonly StreamReader reader;
    private readonly NetworkStream stream;

    private QmpClient(Socket socket)
    {
        this.socket = socket;
        stream = new NetworkStream(socket, ownsSocket: true);
        reader = new StreamReader(stream);
    }

    public static async Task<QmpClient> ConnectAsync(string path, CancellationToken ct)
    {
        var line = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await line.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
        var client = new QmpClient(line);
        await client.LineAsync(ct);
        await client.ExecuteAsync("qmp_capabilities", ct);
        return client;
    }

    public async Task<JsonNode> ExecuteAsync(string command, CancellationToken ct)
    {
        await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["execute"] = command }), ct);
        while (true)
        {
            var answer = await LineAsync(ct);
            if (answer["error"] is { } error) throw new InvalidOperationException($"QEMU refuses {command}: {error["desc"]}");
            if (answer["return"] is { } result) return result;
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        socket.Dispose();
    }

    private async Task<JsonNode> LineAsync(CancellationToken ct) =>
        JsonNode.Parse(await reader.ReadLineAsync(ct) ?? throw new EndOfStreamException("QEMU hung up"))!;
}
