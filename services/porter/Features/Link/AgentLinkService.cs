using Google.Protobuf;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Features.Certificates;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;

namespace HyperBdr.Porter.Features.Link;

/// <summary>The link of agents.</summary>
internal sealed class AgentLinkService(MachineLink link, Renew.Handler renew, CallContext call) : AgentLink.AgentLinkBase
{
    /// <summary>Of one message in either direction.</summary>
    public const int MaxMessageBytes = 1024 * 1024;

    /// <summary>A stream is no change by somebody: it has no audit entry.</summary>
    [ReadOnlyCall]
    public override async Task Connect(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<ServerMessage> responseStream, ServerCallContext context)
    {
        var ended = await link.RunAsync(MachineIdentity.Of(call.Caller), new GrpcTransport(requestStream, responseStream), context.CancellationToken);
        if (ended is not null) throw ended.ToRpc();
    }

    public override async Task<RenewResponse> Renew(RenewRequest request, ServerCallContext context)
    {
        var key = Issuing.KeyOf(request.CertificateRequest.Span).OrRpc();
        var renewed = (await renew.HandleAsync(MachineIdentity.Of(call.Caller), key, context.CancellationToken)).OrRpc();
        return new RenewResponse { Certificates = { ByteString.CopyFrom(renewed.Certificate), ByteString.CopyFrom(renewed.Issuer) } };
    }
}
