using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperBdr.Platforms.Kvm;

/// <summary>QEMU's machine protocol (docs/interop/qmp-spec of QEMU): one command at a time; events are passed over. Connects when it is first needed,
/// and again after a failure. Safe for calls side by side.</summary>
internal sealed class QmpLink(string path, TimeProvider time) : IDisposable
{
    /// <summary>A page of serial text in base64 is the longest answer.</summary>
    private const int MaxLine = 1 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim turn = new(1);
    private NetworkStream? stream;
    private LineReader? lines;

    /// <exception cref="PlatformException"><see cref="PlatformFault.Unavailable"/>: QEMU does not answer; <see cref="PlatformFault.Failed"/>: it refuses.</exception>
    public async Task<JsonNode> ExecuteAsync(string command, JsonObject? arguments, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        using var late = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            if (stream is null) await ConnectAsync(either.Token);
            return await CallAsync(command, arguments, either.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or JsonException or OperationCanceledException)
        {
            Drop();
            ct.ThrowIfCancellationRequested();
            throw new PlatformException(PlatformFault.Unavailable, path, e is OperationCanceledException ? "QEMU does not answer in time" : e.Message, e);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose()
    {
        Drop();
        turn.Dispose();
    }

    private async Task ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stream = await OpenAsync(socket, ct);
        lines = new LineReader(stream, MaxLine);
        await lines.ReadAsync(ct);
        await CallAsync("qmp_capabilities", null, ct);
    }

    private async Task<NetworkStream> OpenAsync(Socket socket, CancellationToken ct)
    {
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
    }

    private async Task<JsonNode> CallAsync(string command, JsonObject? arguments, CancellationToken ct)
    {
        var call = new JsonObject { ["execute"] = command };
        if (arguments is not null) call["arguments"] = arguments;
        await stream!.WriteAsync(Encoding.UTF8.GetBytes(call.ToJsonString()), ct);
        while (true)
        {
            var answer = JsonNode.Parse(await lines!.ReadAsync(ct))!;
            if (answer["error"] is { } error) throw new PlatformException(PlatformFault.Failed, command, "QEMU refuses: " + (string?)error["desc"]);
            if (answer["return"] is { } result) return result;
        }
    }

    private void Drop()
    {
        stream?.Dispose();
        (stream, lines) = (null, null);
    }
}
