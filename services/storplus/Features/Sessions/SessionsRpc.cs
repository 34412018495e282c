using Grpc.Core;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.Storplus.Features.Points;
using WriteSession = HyperBdr.Contracts.Storplus.V1.WriteSession;

namespace HyperBdr.Storplus.Features.Sessions;

/// <summary>gRPC <c>WriteSessions</c>, for the tasks of syncs.</summary>
internal sealed class SessionsRpc(Open open, CommitRuns commits, Abandon abandon, DeleteHost deleteHost, CallContext call) : WriteSessions.WriteSessionsBase
{
    public override async Task<WriteSession> Open(OpenWriteSessionRequest request, ServerCallContext context) =>
        (await open.HandleAsync(SessionRequests.Check(request).OrRpc(), context.CancellationToken)).OrRpc();

    public override async Task<RecoveryPoint> Commit(CommitWriteSessionRequest request, ServerCallContext context) =>
        PointViews.Message((await commits.RunAsync(SessionRequests.Check(request).OrRpc(), call.Caller, context.CancellationToken)).OrRpc());

    public override async Task<DeleteHostResponse> DeleteHost(DeleteHostRequest request, ServerCallContext context) =>
        Guid.TryParse(request.HostId, out var id) ? await deleteHost.HandleAsync(id, context.CancellationToken) : throw Error.Field("host_id", "Not an identifier.").ToRpc();

    public override async Task<AbandonWriteSessionResponse> Abandon(AbandonWriteSessionRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.SessionId, out var id)) throw Error.Field("session_id", "Not an identifier.").ToRpc();
        (await abandon.HandleAsync(id, context.CancellationToken)).OrRpc();
        return new AbandonWriteSessionResponse();
    }
}
