using System.Net.WebSockets;
using Google.Protobuf;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Tests;

/// <summary>The console's end of one stream, whichever way it travels.</summary>
internal sealed class ServerStream(Func<ServerMessage, Task> send, Func<Task<AgentMessage?>> receive) : IDisposable
{
    private readonly SemaphoreSlim one = new(1);

    public static ServerStream Of(WebSocket socket, CancellationToken ct) => new(
        m => socket.SendAsync(m.ToByteArray(), WebSocketMessageType.Binary, true, ct),
        async () =>
        {
            var bytes = new byte[1 << 16];
            var part = await socket.ReceiveAsync(bytes.AsMemory(), ct);
            return part.MessageType == WebSocketMessageType.Close ? null : AgentMessage.Parser.ParseFrom(bytes, 0, part.Count);
        });

    public async Task TrySendAsync(ServerMessage message)
    {
        await one.WaitAsync();
        try
        {
            await send(message);
        }
        catch (Exception e) when (IsCut(e))
        {
            // The test cut it.
        }
        finally
        {
            one.Release();
        }
    }

    public async Task<AgentMessage?> ReceiveAsync()
    {
        try
        {
            return await receive();
        }
        catch (Exception e) when (IsCut(e))
        {
            return null;
        }
    }

    public void Dispose() => one.Dispose();

    private static bool IsCut(Exception e) => e is IOException or OperationCanceledException or WebSocketException or InvalidOperationException or RpcException;
}

internal sealed class EnrolmentSide(StandingConsole console) : Enrollment.EnrollmentBase
{
    public override Task<EnrollResponse> Enroll(EnrollRequest request, ServerCallContext context)
    {
        if (request.Token != "good") throw new RpcException(new Status(StatusCode.Unauthenticated, "The token cannot be used."), new Metadata { { "error-code", "porter.enrolment_token.not_usable" } });
        var answer = console.Enrol(request);
        if (console.LoseEnrolAnswers-- > 0) throw new RpcException(new Status(StatusCode.Unavailable, "lost"));
        return Task.FromResult(answer);
    }
}

internal sealed class LinkSide(StandingConsole console) : AgentLink.AgentLinkBase
{
    public override Task Connect(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<ServerMessage> responseStream, ServerCallContext context) =>
        console.HoldAsync(new ServerStream(m => responseStream.WriteAsync(m), async () => await requestStream.MoveNext() ? requestStream.Current : null), context.GetHttpContext());

    public override Task<RenewResponse> Renew(RenewRequest request, ServerCallContext context) => Task.FromResult(console.Renew(request));
}
