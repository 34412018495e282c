using Grpc.Core;
using Grpc.Net.Client;
using HyperBdr.Agents.Identity;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Link;

/// <summary>AgentLink.Connect over mutual TLS: the agents' name in the handshake and in each call, the console's address on the wire.</summary>
/// <param name="console">Asked for at each connection, so that a changed address is taken over.</param>
public sealed class GrpcLinkTransport(Func<ConsoleAddress> console, TimeProvider time) : ILinkTransport
{
    public Task<ILinkStream> ConnectAsync(MachineIdentity identity, CancellationToken ct) =>
        Task.FromResult<ILinkStream>(new Stream(new GrpcConnection(console(), identity, time)));

    private sealed class Stream : ILinkStream
    {
        private readonly GrpcConnection connection;
        private readonly CancellationTokenSource end = new();
        private readonly AsyncDuplexStreamingCall<AgentMessage, ServerMessage> call;

        public Stream(GrpcConnection connection)
        {
            this.connection = connection;
            call = connection.Client.Connect(cancellationToken: end.Token);
        }

        public async Task SendAsync(AgentMessage message, CancellationToken ct)
        {
            try
            {
                await call.RequestStream.WriteAsync(message, ct);
            }
            catch (RpcException) when (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException(ct);
            }
            catch (Exception e) when (e is RpcException or IOException or InvalidOperationException or HttpRequestException)
            {
                throw connection.Fault(e);
            }
        }

        public async Task<ServerMessage?> ReceiveAsync(CancellationToken ct)
        {
            try
            {
                return await call.ResponseStream.MoveNext(ct) ? call.ResponseStream.Current : null;
            }
            catch (RpcException) when (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException(ct);
            }
            catch (Exception e) when (e is RpcException or IOException or InvalidOperationException or HttpRequestException)
            {
                throw connection.Fault(e);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await end.CancelAsync();
            call.Dispose();
            connection.Dispose();
            end.Dispose();
        }
    }
}

/// <summary>One gRPC connection on the agents' name; it shows the certificate that the machine had when it was made.</summary>
internal sealed class GrpcConnection : IDisposable
{
    private readonly GrpcChannel channel;
    private string? refusal;

    public GrpcConnection(ConsoleAddress console, MachineIdentity identity, TimeProvider time)
    {
        channel = GrpcChannel.ForAddress($"https://{identity.AgentServerName}:{console.Port}", new GrpcChannelOptions
        {
            HttpHandler = ConsoleTls.ForLink(console, identity, time, why => refusal = why),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = LinkLimits.MaxMessageLength,
            MaxSendMessageSize = LinkLimits.MaxMessageLength,
        });
        Client = new AgentLink.AgentLinkClient(channel);
    }

    public AgentLink.AgentLinkClient Client { get; }

    public LinkException Fault(Exception e) =>
        new(refusal ?? (e is RpcException { Status: var status } ? $"{status.Detail} ({status.StatusCode})" : e.Message), e);

    public void Dispose() => channel.Dispose();
}
