using System.Net.WebSockets;
using Grpc.Core;
using HyperBdr.Contracts.Owl.V1;
using HyperBdr.Contracts.Storplus.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Gateway.Tests;

/// <summary>What an upstream saw of a call.</summary>
internal sealed record Seen(string Method, string Path, string Query, Dictionary<string, string> Headers, long Body);

/// <summary>An upstream on real sockets that answers with what it saw.</summary>
internal sealed class TestServices : IAsyncDisposable
{
    private readonly WebApplication app;

    private TestServices(WebApplication app) => this.app = app;

    public int HttpPort { get; private set; }

    public int GrpcPort { get; private set; }

    /// <summary>Sockets that are open now.</summary>
    public int OpenSockets => openSockets;

    private int openSockets;

    public static async Task<TestServices> StartAsync(TestIdentity? identity, int httpPort = 0, int grpcPort = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Limits.MaxRequestBodySize = null;
            k.Listen(System.Net.IPAddress.Loopback, httpPort, o => o.Protocols = HttpProtocols.Http1);
            k.Listen(System.Net.IPAddress.Loopback, grpcPort, o => o.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc();
        if (identity is not null) builder.Services.AddSingleton(identity);
        var upstream = builder.Build();
        var services = new TestServices(upstream);
        upstream.UseWebSockets();
        upstream.MapGet("/healthz/ready", () => "ok");
        if (identity is not null) upstream.MapGrpcService<TestIdentity>();
        upstream.MapGrpcService<TestPools>();
        upstream.MapGrpcService<TestTrail>();
        upstream.Map("/{**path}", services.AnswerAsync);
        await upstream.StartAsync();
        var ports = upstream.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a).Port).ToList();
        (services.HttpPort, services.GrpcPort) = (ports[0], ports[1]);
        return services;
    }

    /// <summary>Ends at once, as a killed process does.</summary>
    public async Task KillAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        if (http.WebSockets.IsWebSocketRequest)
        {
            await EchoAsync(http);
            return;
        }

        var buffer = new byte[65536];
        long body = 0;
        while (await http.Request.Body.ReadAsync(buffer, http.RequestAborted) is var n and > 0) body += n;
        http.Response.Headers.Append("Set-Cookie", "planted=1");
        http.Response.Headers.Server = "upstream";
        await http.Response.WriteAsJsonAsync(new Seen(http.Request.Method, http.Request.Path, http.Request.QueryString.Value ?? "",
            http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString(), StringComparer.Ordinal), body), http.RequestAborted);
    }

    private async Task EchoAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        Interlocked.Increment(ref openSockets);
        try
        {
            var buffer = new byte[4096];
            while (true)
            {
                var got = await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted);
                if (got.MessageType == WebSocketMessageType.Close) break;
                await socket.SendAsync(buffer.AsMemory(0, got.Count), got.MessageType, got.EndOfMessage, http.RequestAborted);
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            socket.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref openSockets);
        }
    }

    private sealed class TestPools : Pools.PoolsBase
    {
        /// <summary>The pool's name is the token that the gateway sent.</summary>
        public override Task<Pool> GetPool(GetPoolRequest request, ServerCallContext context) =>
            Task.FromResult(new Pool { Id = request.PoolId, Name = context.RequestHeaders.GetValue("authorization") ?? "", Kind = "s3" });
    }

    private sealed class TestTrail : AuditTrail.AuditTrailBase
    {
        public override async Task Read(ReadAuditRequest request, IServerStreamWriter<AuditEntry> responseStream, ServerCallContext context)
        {
            for (var i = 1; i <= 1000; i++) await responseStream.WriteAsync(new AuditEntry { Sequence = i, DetailJson = new string('x', 1000) }, context.CancellationToken);
        }
    }
}
