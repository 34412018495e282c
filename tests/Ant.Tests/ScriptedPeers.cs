using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Ant.Tests;

/// <summary>Porter and storplus as a test tells them: real gRPC, scripted answers. The real ones are in the system tests.</summary>
internal sealed class ScriptedPeers : IAsyncDisposable
{
    private readonly WebApplication app;

    private ScriptedPeers(WebApplication app, PeerScript script, int port) => (this.app, Script, Address) = (app, script, new Uri($"http://127.0.0.1:{port}"));

    public Uri Address { get; }

    public PeerScript Script { get; }

    public static async Task<ScriptedPeers> StartAsync()
    {
        var port = ServiceProcess.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port, o => o.Protocols = HttpProtocols.Http2));
        var script = new PeerScript();
        builder.Services.AddSingleton(script);
        builder.Services.AddGrpc();
        var web = builder.Build();
        web.MapGrpcService<MachineAnswers>();
        web.MapGrpcService<CommandAnswers>();
        web.MapGrpcService<SessionAnswers>();
        web.MapGrpcService<PoolAnswers>();
        web.MapGrpcService<PointAnswers>();
        await web.StartAsync();
        return new ScriptedPeers(web, script, port);
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(limit.Token);
        await app.DisposeAsync();
    }

    private sealed class MachineAnswers(PeerScript script) : Machines.MachinesBase
    {
        public override Task<ResetSettingsResponse> ResetSettings(ResetSettingsRequest request, ServerCallContext context)
        {
            script.MeetTrouble();
            script.ResetSettings.Enqueue(request.MachineId);
            return Task.FromResult(new ResetSettingsResponse());
        }

        public override Task<Machine> GetMachine(GetMachineRequest request, ServerCallContext context)
        {
            script.MeetTrouble();
            var inventory = new Inventory { OsName = "Ubuntu 24.04", Firmware = "uefi", Cpus = 4, MemoryBytes = 8L << 30 };
            inventory.Disks.AddRange(script.Disks);
            inventory.Nics.Add(new Nic { Name = "eth0", Mac = "52:54:00:00:00:01", Addresses = { "192.0.2.10" } });
            return Task.FromResult(new Machine
            {
                Id = request.MachineId, Kind = MachineKind.LinuxAgent, Name = "web-1", Availability = script.Availability, Version = "1.0",
                LastSeenAt = TimeProvider.System.GetUtcNow().ToTimestamp(), Inventory = inventory, Settings = new AgentSettings(), PublicKey = ByteString.CopyFromUtf8("key"),
            });
        }
    }

    private sealed class CommandAnswers(PeerScript script) : Commands.CommandsBase
    {
        public override Task<SendCommandResponse> Send(SendCommandRequest request, ServerCallContext context)
        {
            script.MeetTrouble();
            script.Sent.Enqueue(request);
            if (request.Command.StartSync is not null) script.Runs.TryAdd(request.Command.Id, new PeerScript.Run(request.Command.StartSync));
            return Task.FromResult(new SendCommandResponse { State = "sent" });
        }

        public override async Task Watch(WatchCommandRequest request, IServerStreamWriter<CommandUpdate> responseStream, ServerCallContext context)
        {
            script.MeetTrouble();
            if (!script.Runs.TryGetValue(request.CommandId, out var run)) throw new RpcException(new Status(StatusCode.NotFound, "no such command"));
            while (true)
            {
                var changed = script.Changed;
                var update = new CommandUpdate { State = "received", Connected = script.Connected, Progress = run.Progress, Result = run.Result ?? (script.Finishes ? PeerScript.Done(run.Start) : null) };
                await responseStream.WriteAsync(update, context.CancellationToken);
                if (update.Result is not null) return;
                await changed.WaitAsync(context.CancellationToken);
                script.MeetTrouble();
            }
        }
    }

    private sealed class SessionAnswers(PeerScript script) : WriteSessions.WriteSessionsBase
    {
        public override Task<WriteSession> Open(OpenWriteSessionRequest request, ServerCallContext context)
        {
            script.MeetTrouble();
            script.Opened.Enqueue(request);
            if (script.RefuseOpen is { } code) throw new RpcException(new Status(StatusCode.FailedPrecondition, "Refused by the storage service."), new Metadata { { "error-code", code } });
            var parent = request.Full || script.Committed.IsEmpty ? "" : script.Committed.Last().PointId;
            return Task.FromResult(new WriteSession { Id = $"session-{request.TaskId}", Sealed = ByteString.CopyFromUtf8("sealed"), ParentPointId = parent });
        }

        public override Task<RecoveryPoint> Commit(CommitWriteSessionRequest request, ServerCallContext context)
        {
            script.MeetTrouble();
            script.Committed.Enqueue(request);
            return Task.FromResult(new RecoveryPoint { Id = request.PointId, State = "create_done", TakenAt = TimeProvider.System.GetUtcNow().ToTimestamp(), StoredBytes = 1000 });
        }

        public override Task<DeleteHostResponse> DeleteHost(DeleteHostRequest request, ServerCallContext context)
        {
            script.MeetTrouble();
            script.Deleted.Enqueue(request.HostId);
            return Task.FromResult(script.PointsLeft);
        }

        public override Task<AbandonWriteSessionResponse> Abandon(AbandonWriteSessionRequest request, ServerCallContext context)
        {
            script.MeetTrouble();
            script.Abandoned.Enqueue(request.SessionId);
            return Task.FromResult(new AbandonWriteSessionResponse());
        }
    }

    private sealed class PoolAnswers(PeerScript script) : Pools.PoolsBase
    {
        public override Task<Pool> GetPool(GetPoolRequest request, ServerCallContext context) =>
            request.PoolId == PeerScript.UnknownPool ? throw new RpcException(new Status(StatusCode.NotFound, "No such storage pool."), new Metadata { { "error-code", "storplus.pool.not_found" } })
            : Task.FromResult(new Pool { Id = request.PoolId, Name = "cloud", Kind = script.PoolKind, State = script.PoolState, TotalBytes = 100, FreeBytes = script.PoolFree, NearlyFull = script.PoolFree < 15, HasRepository = true, Escrowed = true });
    }

    private sealed class PointAnswers(PeerScript script) : RecoveryPoints.RecoveryPointsBase
    {
        public override Task<ListPointsResponse> ListPoints(ListPointsRequest request, ServerCallContext context)
        {
            var answer = new ListPointsResponse { Total = script.LastPointAt is null ? 0 : 1 };
            if (script.LastPointAt is { } at) answer.Points.Add(new RecoveryPoint { Id = "p", HostId = request.HostId, State = "create_done", TakenAt = at.ToTimestamp(), Available = true, Consistency = "file_system" });
            return Task.FromResult(answer);
        }
    }
}

/// <summary>What was asked and what is answered.</summary>
internal sealed class PeerScript
{
    public const string UnknownPool = "00000000-0000-0000-0000-00000000dead";
    private TaskCompletionSource change = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal sealed class Run(StartSync start)
    {
        public StartSync Start => start;

        public CommandProgress? Progress { get; set; }

        public CommandResult? Result { get; set; }
    }

    public ConcurrentQueue<SendCommandRequest> Sent { get; } = new();

    public ConcurrentDictionary<string, Run> Runs { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<OpenWriteSessionRequest> Opened { get; } = new();

    public ConcurrentQueue<CommitWriteSessionRequest> Committed { get; } = new();

    public ConcurrentQueue<string> Abandoned { get; } = new();

    /// <summary>Hosts whose points were to be deleted, and whose settings were taken back.</summary>
    public ConcurrentQueue<string> Deleted { get; } = new();

    public ConcurrentQueue<string> ResetSettings { get; } = new();

    public DeleteHostResponse PointsLeft { get; set; } = new();

    public List<Disk> Disks { get; } = [];

    public string Availability { get; set; } = "";

    public string PoolState { get; set; } = "";

    public string PoolKind { get; set; } = "";

    public long PoolFree { get; set; }

    public DateTimeOffset? LastPointAt { get; set; }

    public string? RefuseOpen { get; set; }

    /// <summary>Every command ends well at once.</summary>
    public bool Finishes { get; set; }

    public bool Connected { get; private set; }

    public bool Away { get; private set; }

    public Task Changed => change.Task;

    public IEnumerable<Command> Of(Command.BodyOneofCase kind) => Sent.Select(s => s.Command).Where(c => c.BodyCase == kind);

    public void Reset()
    {
        Sent.Clear();
        Runs.Clear();
        Opened.Clear();
        Committed.Clear();
        Abandoned.Clear();
        Deleted.Clear();
        ResetSettings.Clear();
        PointsLeft = new DeleteHostResponse();
        Disks.Clear();
        Disks.Add(new Disk { Id = "disk-a", Device = "/dev/vda", LengthBytes = 10L << 30, Boot = true });
        Disks.Add(new Disk { Id = "disk-b", Device = "/dev/vdb", LengthBytes = 5L << 30 });
        (Availability, PoolState, PoolKind, LastPointAt, RefuseOpen, Finishes, PoolFree) = ("active", "available", "gateway", null, null, false, 50);
        Set(connected: true, away: false);
    }

    public void Set(bool? connected = null, bool? away = null)
    {
        (Connected, Away) = (connected ?? Connected, away ?? Away);
        Tell();
    }

    public void Progress(string run, long done, long total)
    {
        Runs[run].Progress = new CommandProgress { CommandId = run, Phase = "transfer", DoneBytes = done, TotalBytes = total, ReadBytes = done, SentBytes = done / 2, BytesPerSecond = 1000, RemainingS = 60 };
        Tell();
    }

    public void End(string run, CommandResult? result = null)
    {
        Runs[run].Result = result ?? Done(Runs[run].Start);
        Tell();
    }

    public void EndAll()
    {
        Finishes = true;
        Tell();
    }

    public void MeetTrouble()
    {
        if (Away) throw new RpcException(new Status(StatusCode.Unavailable, "away"));
    }

    public static CommandResult Done(StartSync start) => new()
    {
        CommandId = start.TaskId, Ok = true,
        Sync = new SyncResult { PointId = $"point-{start.TaskId}", Consistency = "file_system", Mode = start.Mode, SentBytes = 500, ReadBytes = 1000, StoredBytes = 400, FreezeUs = 12_000, DurationUs = 3_000_000, ConsistencyReason = "No hook is set." },
    };

    private void Tell()
    {
        var before = change;
        change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        before.TrySetResult();
    }
}
