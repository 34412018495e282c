using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;
using Google.Protobuf;
using HyperBdr.Agents.Identity;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Link;

/// <summary>The same messages on a WebSocket (<c>wss://console:10443/duplex/gateway/v1</c>), one protobuf message in each binary frame, over mutual TLS on the agents' name.</summary>
/// <param name="url">Asked for at each connection; its host and port are dialled, its path is asked for on the agents' name.</param>
public sealed class DuplexLinkTransport(Func<Uri> url, TimeProvider time) : ILinkTransport
{
    public async Task<ILinkStream> ConnectAsync(MachineIdentity identity, CancellationToken ct)
    {
        var to = url();
        var refusal = default(string);
        var handler = ConsoleTls.ForLink(new ConsoleAddress(to.Host.Trim('[', ']'), to.Port), identity, time, why => refusal = why);
        var invoker = new HttpMessageInvoker(handler);
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(15);
        socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(10);
        try
        {
            await socket.ConnectAsync(new UriBuilder(to) { Host = identity.AgentServerName }.Uri, invoker, ct);
            return new Stream(socket, invoker);
        }
        catch (Exception e)
        {
            socket.Dispose();
            invoker.Dispose();
            if (e is WebSocketException or HttpRequestException or IOException or SocketException) throw new LinkException(refusal ?? e.GetBaseException().Message, e);
            throw;
        }
    }

    private sealed class Stream(ClientWebSocket socket, HttpMessageInvoker invoker) : ILinkStream
    {
        private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);
        private readonly ArrayBufferWriter<byte> frame = new(4096);

        public async Task SendAsync(AgentMessage message, CancellationToken ct)
        {
            if (message.CalculateSize() > LinkLimits.MaxMessageLength) throw new LinkException("A message is longer than the console takes.");
            try
            {
                await socket.SendAsync(message.ToByteArray(), WebSocketMessageType.Binary, endOfMessage: true, ct);
            }
            catch (Exception e) when (IsFault(e))
            {
                throw new LinkException(e.GetBaseException().Message, e);
            }
        }

        public async Task<ServerMessage?> ReceiveAsync(CancellationToken ct)
        {
            try
            {
                frame.ResetWrittenCount();
                while (true)
                {
                    var part = await socket.ReceiveAsync(frame.GetMemory(4096), ct);
                    if (part.MessageType == WebSocketMessageType.Close) return null;
                    if (part.MessageType != WebSocketMessageType.Binary) throw new LinkException("The console sent a text frame.");
                    frame.Advance(part.Count);
                    if (frame.WrittenCount > LinkLimits.MaxMessageLength) throw new LinkException("The console sent a message that is too long.");
                    if (part.EndOfMessage) return ServerMessage.Parser.ParseFrom(frame.WrittenSpan);
                }
            }
            catch (InvalidProtocolBufferException e)
            {
                throw new LinkException("The console sent a frame that is no message.", e);
            }
            catch (Exception e) when (IsFault(e))
            {
                throw new LinkException(e.GetBaseException().Message, e);
            }
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                {
                    using var limit = new CancellationTokenSource(CloseTimeout);
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
                }
            }
            catch (Exception e) when (IsFault(e) || e is OperationCanceledException)
            {
                // The other side is gone: there is nobody to say goodbye to.
            }

            socket.Dispose();
            invoker.Dispose();
        }

        private static bool IsFault(Exception e) => e is WebSocketException or IOException or SocketException or InvalidOperationException;
    }
}
