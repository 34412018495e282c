using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Features.Link;

/// <summary>The link over a gRPC stream.</summary>
internal sealed class GrpcTransport(IAsyncStreamReader<AgentMessage> reader, IServerStreamWriter<ServerMessage> writer) : ILinkTransport
{
    public async Task<AgentMessage?> ReadAsync(CancellationToken ct)
    {
        try
        {
            return await reader.MoveNext(ct) ? reader.Current : null;
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException && !ct.IsCancellationRequested)
        {
            throw new IOException("The stream broke.", e);
        }
    }

    public async Task WriteAsync(ServerMessage message, CancellationToken ct)
    {
        try
        {
            await writer.WriteAsync(message, ct);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException && !ct.IsCancellationRequested)
        {
            throw new IOException("The stream broke.", e);
        }
    }
}
