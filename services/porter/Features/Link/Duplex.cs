using System.Net.WebSockets;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Porter.Features.Link;

/// <summary>The link of sync gateways: the same messages over a WebSocket.</summary>
internal static class Duplex
{
    public static readonly Error NoSocket = new(ErrorKind.Validation, "porter.gateway.no_socket", "This address takes WebSockets only.");
    private const WebSocketCloseStatus TryAgainLater = (WebSocketCloseStatus)1013;

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet("/duplex/gateway/v1", RunAsync)
            .WithName("porter.gateway.connect")
            .ExcludeFromDescription()
            .RequireMachine();

    private static async Task<IResult> RunAsync(HttpContext http, MachineLink link, CallContext call)
    {
        if (!http.WebSockets.IsWebSocketRequest) return NoSocket.ToHttp();
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        var ended = await link.RunAsync(MachineIdentity.Of(call.Caller), new SocketTransport(socket), http.RequestAborted);
        try
        {
            var status = ended switch
            {
                null => WebSocketCloseStatus.NormalClosure,
                { Kind: ErrorKind.Unavailable } => TryAgainLater,
                _ => WebSocketCloseStatus.PolicyViolation,
            };
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived) await socket.CloseOutputAsync(status, ended?.Code, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            socket.Abort();
        }

        return Results.Empty;
    }
}
