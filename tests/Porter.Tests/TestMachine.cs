using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Net.Client;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Persistence;
using Microsoft.Extensions.DependencyInjection;
using MachineKind = HyperBdr.Contracts.Porter.V1.MachineKind;

namespace HyperBdr.Porter.Tests;

/// <summary>A machine with a key, and after its enrolment a certificate, that speaks with the gateway over TLS as an agent does.</summary>
internal sealed class TestMachine(string serial = "", string mac = "52:54:00:00:00:01") : IDisposable
{
    public const string AgentsName = "agents.hyperbdr.internal";
    private readonly List<IDisposable> owned = [];
    private SslStreamCertificateContext? shown;

    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public Guid Id { get; private set; }

    public EnrollResponse Enrolled { get; private set; } = new();

    /// <summary>A token straight from porter, without a person.</summary>
    public static async Task<string> TokenAsync(PorterWorld world, Guid tenant)
    {
        await using var scope = world.Porter.ScopeOf(tenant);
        var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
        var (token, secret) = Domain.EnrolmentToken.Create(tenant, "t", "ada", TimeSpan.FromMinutes(10), TimeProvider.System.GetUtcNow());
        db.EnrolmentTokens.Add(token);
        await db.SaveChangesAsync();
        return secret;
    }

    public static async Task<TestMachine> NewAsync(PorterWorld world, Guid tenant, string serial = "", string mac = "52:54:00:00:00:01", MachineKind kind = MachineKind.LinuxAgent)
    {
        var machine = new TestMachine(serial, mac);
        await machine.EnrolAsync(world, await TokenAsync(world, tenant), kind);
        return machine;
    }

    public Inventory Inventory => new()
    {
        HostName = "web-1",
        HardwareSerial = serial,
        OsName = "Debian 13",
        Cpus = 2,
        MemoryBytes = 1 << 30,
        Disks = { new Disk { Id = "vda", Device = "/dev/vda", LengthBytes = 1 << 30, Boot = true } },
        Nics = { new Nic { Name = "eth0", Mac = mac, Addresses = { "192.0.2.1" } } },
    };

    public byte[] Request() => new CertificateRequest("CN=root, O=everything", Key, HashAlgorithmName.SHA256).CreateSigningRequest();

    public Task<EnrollResponse> EnrolAsync(PorterWorld world, string token, MachineKind kind = MachineKind.LinuxAgent, byte[]? request = null) => EnrolThroughAsync(world, world.Gateway.Port, token, kind, request);

    public async Task<EnrollResponse> EnrolThroughAsync(PorterWorld world, int port, string token, MachineKind kind = MachineKind.LinuxAgent, byte[]? request = null)
    {
        using var channel = Channel(world, port, "localhost");
        Enrolled = await new Enrollment.EnrollmentClient(channel).EnrollAsync(
            new EnrollRequest { Token = token, Kind = kind, CertificateRequest = ByteString.CopyFrom(request ?? Request()), Inventory = Inventory, Version = "1.0" });
        Id = Guid.Parse(Enrolled.MachineId);
        Show(Enrolled.Certificates);
        return Enrolled;
    }

    /// <summary>Shows this certificate from now on.</summary>
    public void Show(IReadOnlyList<ByteString> certificates)
    {
        using var bare = X509CertificateLoader.LoadCertificate(certificates[0].Span);
        var leaf = bare.CopyWithPrivateKey(Key);
        owned.Add(leaf);
        shown = SslStreamCertificateContext.Create(leaf, [X509CertificateLoader.LoadCertificate(certificates[1].Span)], offline: true);
    }

    public AgentLink.AgentLinkClient Client(PorterWorld world, int? port = null)
    {
        var channel = Channel(world, port ?? world.Gateway.Port, AgentsName);
        owned.Add(channel);
        return new AgentLink.AgentLinkClient(channel);
    }

    /// <summary>A stream with its Hello sent.</summary>
    public async Task<TestStream> ConnectAsync(PorterWorld world, string instance = "run-1", int? port = null, Inventory? inventory = null, params string[] working)
    {
        var stream = new TestStream(Client(world, port).Connect());
        await stream.SendAsync(new AgentMessage { Hello = new Hello { Version = "1.0", InstanceId = instance, Inventory = inventory ?? Inventory, Working = { working } } });
        return stream;
    }

    public async Task<ClientWebSocket> SocketAsync(PorterWorld world)
    {
        var socket = new ClientWebSocket();
        owned.Add(socket);
        var invoker = new HttpMessageInvoker(Handler(world));
        owned.Add(invoker);
        await socket.ConnectAsync(new Uri($"wss://{AgentsName}:{world.Gateway.Port}/duplex/gateway/v1"), invoker, CancellationToken.None);
        return socket;
    }

    public void Dispose()
    {
        owned.ForEach(o => o.Dispose());
        Key.Dispose();
    }

    /// <summary>Only the installation's own authority.</summary>
    public static X509ChainPolicy Trust(PorterWorld world) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Path.Combine(world.Home, "certs", "ca.crt")) },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    private GrpcChannel Channel(PorterWorld world, int port, string name) =>
        GrpcChannel.ForAddress($"https://{name}:{port}", new GrpcChannelOptions { HttpHandler = Handler(world), DisposeHttpClient = true });

    private SocketsHttpHandler Handler(PorterWorld world)
    {
        return new SocketsHttpHandler
        {
            ConnectCallback = async (context, ct) =>
            {
                // Every name is this machine.
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificateContext = shown,
                CertificateChainPolicy = Trust(world),
            },
        };
    }
}
