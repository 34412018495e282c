using System.Net.WebSockets;
using Google.Protobuf;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Features.Link;

/// <summary>The link over a WebSocket: one protobuf message per binary message.</summary>
internal sealed class SocketTransport(WebSocket socket) : ILinkTransport
{
    private const int First = 4096;
    private byte[] buffer = new byte[First];

    public async Task<AgentMessage?> ReadAsync(CancellationToken ct)
    {
        try
        {
            var filled = 0;
            while (true)
            {
                // A cancelled receive would abort the socket; the farewell and the close still have to go out.
                var got = await socket.ReceiveAsync(buffer.AsMemory(filled), CancellationToken.None).AsTask().WaitAsync(ct);
                if (got.MessageType == WebSocketMessageType.Close) return null;
                if (got.MessageType != WebSocketMessageType.Binary) throw new IOException("Only binary messages are taken.");
                filled += got.Count;
                if (got.EndOfMessage) return Parsed(buffer.AsSpan(0, filled));
                if (filled < buffer.Length) continue;
                if (buffer.Length >= AgentLinkService.MaxMessageBytes) throw new IOException("The message is too long.");
                Array.Resize(ref buffer, Math.Min(buffer.Length * 4, AgentLinkService.MaxMessageBytes));
            }
        }
        catch (WebSocketException e)
        {
            throw new IOException("The socket broke.", e);
        }
    }

    public async Task WriteAsync(ServerMessage message, CancellationToken ct)
    {
        try
        {
            await socket.SendAsync(message.ToByteArray(), WebSocketMessageType.Binary, endOfMessage: true, ct);
        }
        catch (WebSocketException e)
        {
            throw new IOException("The socket broke.", e);
        }
    }

    private AgentMessage Parsed(ReadOnlySpan<byte> message)
    {
        try
        {
            var parsed = AgentMessage.Parser.ParseFrom(message);
            // One large message must not cost its memory for the life of the socket.
            if (buffer.Length > First * 16) buffer = new byte[First];
            return parsed;
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new IOException("The message is no protobuf.", e);
        }
    }
}
