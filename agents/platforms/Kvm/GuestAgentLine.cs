using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace HyperBdr.Platforms.Kvm;

/// <summary>The line to qemu-ga inside of a guest (docs/interop/qemu-ga-ref of QEMU).</summary>
internal static class GuestAgentLine
{
    private const int MaxLine = 64 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>True when the agent answers; a guest without one says nothing.</summary>
    public static async Task<bool> PingAsync(string path, TimeProvider time, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), either.Token);
            await using var stream = new NetworkStream(socket);
            var lines = new LineReader(stream, MaxLine);
            // Half a command of somebody before, and answers to it, end here: whatever comes before the id is not ours.
            var id = Random.Shared.Next(1, int.MaxValue).ToString(CultureInfo.InvariantCulture);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"\n{{\"execute\":\"guest-sync\",\"arguments\":{{\"id\":{id}}}}}\n"), either.Token);
            while (!(await lines.ReadAsync(either.Token)).Contains(id, StringComparison.Ordinal)) either.Token.ThrowIfCancellationRequested();
            await stream.WriteAsync("{\"execute\":\"guest-ping\"}\n"u8.ToArray(), either.Token);
            return JsonNode.Parse(await lines.ReadAsync(either.Token))?["return"] is not null;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or System.Text.Json.JsonException)
        {
            ct.ThrowIfCancellationRequested();
            return false;
        }
    }
}
