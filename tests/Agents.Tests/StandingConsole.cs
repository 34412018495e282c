using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using HyperBdr.Contracts.Porter.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Agents.Tests;

/// <summary>The console's side of the agent link, over real TLS by server name: gRPC and WebSocket, with what a test wants to see and to break.</summary>
public sealed class StandingConsole : IAsyncDisposable
{
    public const string AgentName = "agents.hyperbdr.internal";
    private readonly ConcurrentDictionary<ServerStream, HttpContext> streams = new();
    private readonly ConcurrentDictionary<string, Command> commands = new();
    private WebApplication? app;

    public TestAuthority Authority { get; } = new();

    public int Port { get; private set; }

    public string Address => $"127.0.0.1:{Port}";

    public ConcurrentQueue<EnrollRequest> Enrolments { get; } = new();

    public ConcurrentQueue<Hello> Hellos { get; } = new();

    public ConcurrentQueue<Heartbeat> Heartbeats { get; } = new();

    public ConcurrentQueue<Inventory> Inventories { get; } = new();

    public ConcurrentQueue<CommandProgress> Progress { get; } = new();

    public ConcurrentQueue<CommandResult> Results { get; } = new();

    public ConcurrentQueue<string> Received { get; } = new();

    /// <summary>Serial numbers of the client certificates that streams came with.</summary>
    public ConcurrentQueue<string> Certificates { get; } = new();

    public ConcurrentDictionary<string, CommandResult> KeptResults { get; } = new();

    public bool KeepsResults { get; set; } = true;

    public int LoseEnrolAnswers { get; set; }

    public DateTimeOffset CertificatesBegin { get; set; } = TimeProvider.System.GetUtcNow().AddHours(-1);

    public int Renewals { get; private set; }

    public Dismissed? Dismissal { get; set; }

    public AgentSettings? Settings { get; set; }

    public static async Task<StandingConsole> StartAsync(int port)
    {
        var console = new StandingConsole();
        await console.ListenAsync(port);
        return console;
    }

    public async Task ListenAsync(int port)
    {
        var server = Authority.Server(AgentName, "localhost");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.ListenLocalhost(port, l =>
        {
            l.Protocols = HttpProtocols.Http1AndHttp2;
            l.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = c => ValueTask.FromResult(Tls(c.ClientHelloInfo.ServerName, server)) });
        }));
        app = builder.Build();
        app.UseWebSockets();
        app.MapGrpcService<EnrolmentSide>();
        app.MapGrpcService<LinkSide>();
        app.Map("/duplex/gateway/v1", DuplexAsync);
        await app.StartAsync();
        Port = port;
    }

    public static int FreePort()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Delivers a command on every stream until its result is kept.</summary>
    public async Task SendAsync(Command command)
    {
        commands[command.Id] = command;
        foreach (var stream in streams.Keys) await stream.TrySendAsync(new ServerMessage { Command = command });
    }

    public async Task DismissAsync(Dismissed dismissed)
    {
        Dismissal = dismissed;
        foreach (var stream in streams.Keys) await stream.TrySendAsync(new ServerMessage { Dismissed = dismissed });
    }

    /// <summary>Cuts every stream as a broken network does.</summary>
    public void Cut()
    {
        foreach (var http in streams.Values) http.Abort();
    }

    public async Task StopAsync()
    {
        if (app is null) return;
        Cut();
        await app.DisposeAsync();
        app = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    internal async Task HoldAsync(ServerStream stream, HttpContext http)
    {
        var certificate = (await http.Connection.GetClientCertificateAsync())!;
        Certificates.Enqueue(certificate.SerialNumber);
        if (await stream.ReceiveAsync() is not { Hello: { } hello }) return;
        Hellos.Enqueue(hello);
        if (Dismissal is { } dismissed)
        {
            await stream.TrySendAsync(new ServerMessage { Dismissed = dismissed });
            return;
        }

        await stream.TrySendAsync(new ServerMessage { Welcome = new Welcome { MachineId = certificate.GetNameInfo(X509NameType.SimpleName, false), HeartbeatIntervalS = 1, Settings = Settings } });
        streams[stream] = http;
        try
        {
            foreach (var command in commands.Values) await stream.TrySendAsync(new ServerMessage { Command = command });
            while (Dismissal is null && await stream.ReceiveAsync() is { } message) await TakeAsync(stream, message);
        }
        finally
        {
            streams.TryRemove(stream, out _);
        }
    }

    internal EnrollResponse Enrol(EnrollRequest request)
    {
        Enrolments.Enqueue(request);
        var answer = new EnrollResponse { MachineId = "machine-1", AgentServerName = AgentName, Authority = ByteString.CopyFrom(Authority.Root.RawData) };
        answer.Certificates.AddRange(Authority.Machine(request.CertificateRequest.ToByteArray(), "machine-1", CertificatesBegin).Select(c => ByteString.CopyFrom(c)));
        return answer;
    }

    internal RenewResponse Renew(RenewRequest request)
    {
        Renewals++;
        var answer = new RenewResponse();
        answer.Certificates.AddRange(Authority.Machine(request.CertificateRequest.ToByteArray(), "machine-1", TimeProvider.System.GetUtcNow().AddHours(-1)).Select(c => ByteString.CopyFrom(c)));
        return answer;
    }

    private async Task TakeAsync(ServerStream stream, AgentMessage message)
    {
        switch (message.BodyCase)
        {
            case AgentMessage.BodyOneofCase.Heartbeat: Heartbeats.Enqueue(message.Heartbeat); break;
            case AgentMessage.BodyOneofCase.Inventory: Inventories.Enqueue(message.Inventory); break;
            case AgentMessage.BodyOneofCase.Received: Received.Enqueue(message.Received.CommandId); break;
            case AgentMessage.BodyOneofCase.Progress: Progress.Enqueue(message.Progress); break;
            case AgentMessage.BodyOneofCase.Result:
                Results.Enqueue(message.Result);
                if (!KeepsResults) break;
                KeptResults.TryAdd(message.Result.CommandId, message.Result);
                commands.TryRemove(message.Result.CommandId, out _);
                await stream.TrySendAsync(new ServerMessage { ResultKept = new ResultKept { CommandId = message.Result.CommandId } });
                break;
        }
    }

    private SslServerAuthenticationOptions Tls(string name, X509Certificate2 server) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(server, [Authority.Root], offline: true),
        ClientCertificateRequired = name == AgentName,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = name != AgentName ? null : (_, certificate, sent, _) =>
        {
            if (certificate is not X509Certificate2 shown) return false;
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(Authority.Root);
            chain.ChainPolicy.ExtraStore.AddRange(sent!.ChainPolicy.ExtraStore);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(shown);
        },
    };

    private async Task DuplexAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        await HoldAsync(ServerStream.Of(socket, http.RequestAborted), http);
    }
}
