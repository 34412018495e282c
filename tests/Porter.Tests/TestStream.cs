using System.Threading.Channels;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Tests;

/// <summary>The machine's side of one stream; what arrives is kept until somebody asks.</summary>
internal sealed class TestStream : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly AsyncDuplexStreamingCall<AgentMessage, ServerMessage> call;
    private readonly Channel<ServerMessage> arrived = Channel.CreateUnbounded<ServerMessage>();
    private readonly SemaphoreSlim writing = new(1);
    private readonly CancellationTokenSource ended = new();
    private readonly Task reading;
    private Task beating = Task.CompletedTask;

    public TestStream(AsyncDuplexStreamingCall<AgentMessage, ServerMessage> call)
    {
        this.call = call;
        reading = ReadAsync();
    }

    public async Task SendAsync(AgentMessage message)
    {
        await writing.WaitAsync();
        try
        {
            await call.RequestStream.WriteAsync(message);
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Beats each half second until the stream ends.</summary>
    public TestStream Beat()
    {
        beating = BeatAsync();
        return this;
    }

    public async Task<ServerMessage> NextAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        return await arrived.Reader.ReadAsync(limit.Token);
    }

    public async Task<Welcome> WelcomeAsync() => (await NextAsync()).Welcome ?? throw new InvalidOperationException("no Welcome");

    public async Task<Command> CommandAsync() => (await NextAsync()).Command ?? throw new InvalidOperationException("no command");

    /// <summary>The code of the farewell; null when the stream ended without one.</summary>
    public async Task<string?> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        string? code = null;
        await foreach (var message in arrived.Reader.ReadAllAsync(limit.Token)) code = message.Dismissed?.Code ?? code;
        return code;
    }

    /// <summary>Says goodbye.</summary>
    public async Task LeaveAsync()
    {
        await writing.WaitAsync();
        await call.RequestStream.CompleteAsync();
        await EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        call.Dispose();
        await reading;
        await beating;
        ended.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var message in call.ResponseStream.ReadAllAsync(ended.Token)) arrived.Writer.TryWrite(message);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or ObjectDisposedException)
        {
            // Broken or ended.
        }

        arrived.Writer.TryComplete();
    }

    private async Task BeatAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
            for (var sequence = 1; await timer.WaitForNextTickAsync(ended.Token); sequence++)
                await SendAsync(new AgentMessage { Heartbeat = new Heartbeat { Sequence = sequence, At = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()), MemoryBytes = 50 << 20, CpuPercent = 1 } });
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // The stream has ended.
        }
    }
}
