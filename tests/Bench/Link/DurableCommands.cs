using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Fixtures.Services;
using HyperBdr.Fixtures.Suite;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Bench.Link;

/// <summary>Sends commands as ant does, again with the same id until porter has it, and waits for their answers.</summary>
internal sealed class DurableCommands(RunningSuite suite) : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(30), Patience = TimeSpan.FromMinutes(5), Pause = TimeSpan.FromMilliseconds(500);
    private readonly GrpcChannel channel = GrpcChannel.ForAddress($"http://127.0.0.1:{suite.PortOf(18768)}");
    private readonly InternalTokens tokens = new(new SecretFiles(ServiceProcess.HomeConfiguration(suite.Home)), TimeProvider.System);

    private Commands.CommandsClient Client => new(channel);

    private Metadata Headers => new() { { "authorization", $"Bearer {tokens.Mint("ant", "porter", Caller.Service("ant", Company.TenantId))}" } };

    public async Task<IReadOnlyList<string>> SendAsync(IEnumerable<string> machines)
    {
        var sent = new List<string>();
        foreach (var machine in machines)
        {
            var id = Guid.CreateVersion7().ToString();
            var command = new Command { Id = id, ExpiresAt = (TimeProvider.System.GetUtcNow() + Life).ToTimestamp(), SetRate = new SetRate { CommandId = id, LimitBitsPerSecond = 1 } };
            await PersistAsync(() => Client.SendAsync(new SendCommandRequest { MachineId = machine, Command = command }, Headers).ResponseAsync);
            sent.Add(id);
        }

        return sent;
    }

    public async Task FinishedAsync(IEnumerable<string> ids)
    {
        foreach (var id in ids)
        {
            await PersistAsync(async () =>
            {
                using var watch = Client.Watch(new WatchCommandRequest { CommandId = id }, Headers, TimeProvider.System.GetUtcNow().UtcDateTime + Patience);
                CommandUpdate? last = null;
                while (await watch.ResponseStream.MoveNext(CancellationToken.None)) last = watch.ResponseStream.Current;
                return last is { Result.Ok: true } ? last : throw new InvalidOperationException($"The command {id} ended as {last}");
            });
        }
    }

    public void Dispose() => channel.Dispose();

    private static async Task PersistAsync<T>(Func<Task<T>> call)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.Unknown or StatusCode.Internal && TimeProvider.System.GetElapsedTime(begin) < Patience)
            {
                await Task.Delay(Pause, TimeProvider.System);
            }
        }
    }
}
