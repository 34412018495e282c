using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Storplus.Tests;

/// <summary>The registry of machines over the wire, with one sync gateway that answers commands.</summary>
public sealed class FakePorter : IAsyncDisposable
{
    private readonly WebApplication app;

    private FakePorter(WebApplication app) => this.app = app;

    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>Commands by their ids; a repeated one is the same.</summary>
    public ConcurrentDictionary<string, Command> Commands { get; } = new(StringComparer.Ordinal);

    public bool Connected { get; set; } = true;

    public GatewayEndpoint Gateway { get; private set; } = null!;

    public static async Task<FakePorter> StartAsync(GatewayEndpoint gateway)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, o => o.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(p => new Holder());
        var web = builder.Build();
        web.MapGrpcService<MachinesService>();
        web.MapGrpcService<CommandsService>();
        var porter = new FakePorter(web) { Gateway = gateway };
        web.Services.GetRequiredService<Holder>().Porter = porter;
        await web.StartAsync();
        porter.Address = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return porter;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private sealed class Holder
    {
        public FakePorter Porter { get; set; } = null!;
    }

    private sealed class MachinesService(Holder holder) : Machines.MachinesBase
    {
        public override Task<Machine> GetMachine(GetMachineRequest request, ServerCallContext context)
        {
            var gateway = holder.Porter.Gateway;
            if (!context.RequestHeaders.Any(h => h.Key == "authorization")) throw new RpcException(new Status(StatusCode.Unauthenticated, "no token"));
            if (request.MachineId != gateway.MachineId.ToString()) throw new RpcException(new Status(StatusCode.NotFound, "no such machine"));
            return Task.FromResult(new Machine { Id = request.MachineId, Kind = MachineKind.SyncGateway, Name = "gw", Availability = "active", DataAddress = gateway.Address });
        }
    }

    private sealed class CommandsService(Holder holder) : Contracts.Porter.V1.Commands.CommandsBase
    {
        public override Task<SendCommandResponse> Send(SendCommandRequest request, ServerCallContext context)
        {
            holder.Porter.Commands.TryAdd(request.Command.Id, request.Command);
            return Task.FromResult(new SendCommandResponse { State = "waiting" });
        }

        public override async Task Watch(WatchCommandRequest request, IServerStreamWriter<CommandUpdate> responseStream, ServerCallContext context)
        {
            var make = holder.Porter.Commands[request.CommandId].MakeStorageKey;
            if (!holder.Porter.Connected)
            {
                await responseStream.WriteAsync(new CommandUpdate { State = "waiting", Connected = false });
                return;
            }

            await responseStream.WriteAsync(new CommandUpdate { State = "sent", Connected = true });
            await holder.Porter.Gateway.MakeBucketAsync(make.Bucket);
            var secret = SealedToMachine.Seal(make.ReaderKey.Span, $"storage-key/{make.Bucket}", Encoding.UTF8.GetBytes(GatewayEndpoint.OwnerSecret));
            await responseStream.WriteAsync(new CommandUpdate
            {
                State = "finished", Connected = true,
                Result = new CommandResult
                {
                    CommandId = request.CommandId, Ok = true,
                    StorageKey = new StorageKey { AccessKey = GatewayEndpoint.OwnerKey, SealedSecret = ByteString.CopyFrom(secret), Authority = ByteString.CopyFrom(holder.Porter.Gateway.Authority) },
                },
            });
        }
    }
}
