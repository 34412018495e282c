using System.Net;
using System.Net.Sockets;

namespace HyperBdr.AppHost.Processes.Servers;

/// <summary>One question over TCP on loopback, answered within two seconds: cheaper than any client program.</summary>
internal static class LoopbackProbe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <returns>The first bytes of the answer; empty when the connection was refused or closed.</returns>
    /// <exception cref="OperationCanceledException">No answer in time.</exception>
    public static async Task<ReadOnlyMemory<byte>> AskAsync(int port, ReadOnlyMemory<byte> question, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        using var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(question, limit.Token);
            var answer = new byte[256];
            return answer.AsMemory(0, await stream.ReadAsync(answer, limit.Token));
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return ReadOnlyMemory<byte>.Empty;
        }
    }
}
