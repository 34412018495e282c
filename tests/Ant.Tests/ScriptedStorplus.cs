using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures.Services;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Ant.Tests;

/// <summary>Answers probe steps as a test tells it: holds one, fails one, or is away. The real storplus is in <see cref="ProbeEndToEndTests"/>.</summary>
internal sealed class ScriptedStorplus : IAsyncDisposable
{
    private readonly WebApplication app;

    private ScriptedStorplus(WebApplication app, Script script, int port) => (this.app, Steps, Address) = (app, script, new Uri($"http://127.0.0.1:{port}"));

    public Uri Address { get; }

    public Script Steps { get; }

    public static async Task<ScriptedStorplus> StartAsync()
    {
        var port = ServiceProcess.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port, o => o.Protocols = HttpProtocols.Http2));
        var script = new Script();
        builder.Services.AddSingleton(script);
        builder.Services.AddGrpc();
        var web = builder.Build();
        web.MapGrpcService<Answers>();
        await web.StartAsync();
        return new ScriptedStorplus(web, script, port);
    }

    public async ValueTask DisposeAsync()
    {
        Steps.Release();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(limit.Token);
        await app.DisposeAsync();
    }

    internal sealed record Call(Guid TaskId, ProbeStep Step);

    /// <summary>What is asked and what is answered.</summary>
    internal sealed class Script
    {
        private TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentQueue<Call> Calls { get; } = new();

        public ConcurrentQueue<Call> Ended { get; } = new();

        public ProbeStep? HoldAt { get; set; }

        public ProbeStep? FailAt { get; set; }

        public bool Away { get; set; }

        public void Release()
        {
            HoldAt = null;
            gate.TrySetResult();
            gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public Task Gate => gate.Task;
    }

    private sealed class Answers(Script script) : PoolProbes.PoolProbesBase
    {
        public override async Task<ProbeStepResult> RunStep(RunProbeStepRequest request, ServerCallContext context)
        {
            var call = new Call(Guid.Parse(request.TaskId), request.Step);
            script.Calls.Enqueue(call);
            if (script.Away) throw new RpcException(new Status(StatusCode.Unavailable, "away"));
            if (script.HoldAt == request.Step) await script.Gate.WaitAsync(context.CancellationToken);
            script.Ended.Enqueue(call);
            return script.FailAt == request.Step
                ? new ProbeStepResult { Passed = false, Code = "storplus.probe.full", Message = "The store has no space or quota left." }
                : new ProbeStepResult { Passed = true, Message = "Fine." };
        }
    }
}
