using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using HyperBdr.Agents.Commands;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Link;

/// <summary>One stream after its welcome: what is to be said goes through one queue, so that there is one sender.</summary>
internal sealed class LinkSession(ILinkStream stream, LinkOptions options, CommandJournal journal, CommandRuns runs, TimeProvider time, TimeSpan heartbeatEvery, Func<long> nextHeartbeat)
{
    private readonly Channel<AgentMessage> outgoing = Channel.CreateBounded<AgentMessage>(1024);
    private readonly Dictionary<string, long> sentResults = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private TimeSpan lastCpu = Environment.CpuUsage.TotalTime;
    private long lastBeat = time.GetTimestamp();

    /// <summary>Applies what the console decided; set before <see cref="RunAsync"/>.</summary>
    public required Func<AgentSettings, Task> Apply { get; init; }

    /// <returns>Why the console refuses this machine; null when the stream just ended.</returns>
    public async Task<Dismissed?> RunAsync(CancellationToken ct)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        runs.Finished = Offer;
        runs.Collected = Offer;
        try
        {
            runs.StartUnfinished();
            SendResults();
            var receiving = ReceiveAsync(end.Token);
            Task[] all = [receiving, SendAsync(end.Token), TickAsync(end.Token)];
            var first = await Task.WhenAny(all);
            await end.CancelAsync();
            await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
            return receiving.IsCompletedSuccessfully ? await receiving : null;
        }
        finally
        {
            runs.Finished = null;
            runs.Collected = null;
        }
    }

    private async Task<Dismissed?> ReceiveAsync(CancellationToken ct)
    {
        while (await stream.ReceiveAsync(ct) is { } message)
        {
            switch (message.BodyCase)
            {
                case ServerMessage.BodyOneofCase.Command:
                    await TakeAsync(message.Command, ct);
                    break;
                case ServerMessage.BodyOneofCase.ResultKept:
                    journal.Kept(message.ResultKept.CommandId);
                    lock (gate) sentResults.Remove(message.ResultKept.CommandId);
                    break;
                case ServerMessage.BodyOneofCase.Welcome when message.Welcome.Settings is { } settings:
                    await Apply(settings);
                    break;
                case ServerMessage.BodyOneofCase.Dismissed:
                    return message.Dismissed;
            }
        }

        return null;
    }

    private async Task TakeAsync(Command command, CancellationToken ct)
    {
        var (kept, result) = runs.Take(command);
        if (kept) await outgoing.Writer.WriteAsync(new AgentMessage { Received = new CommandReceived { CommandId = command.Id } }, ct);
        if (result is not null) await outgoing.Writer.WriteAsync(new AgentMessage { Result = result }, ct);
    }

    private async Task SendAsync(CancellationToken ct)
    {
        await foreach (var message in outgoing.Reader.ReadAllAsync(ct)) await stream.SendAsync(message, ct);
    }

    private async Task TickAsync(CancellationToken ct)
    {
        Beat();
        using var timer = new PeriodicTimer(options.ProgressEvery < heartbeatEvery ? options.ProgressEvery : heartbeatEvery, time);
        while (await timer.WaitForNextTickAsync(ct))
        {
            foreach (var progress in runs.TakeProgress()) Offer(new AgentMessage { Progress = progress });
            if (time.GetElapsedTime(lastBeat) >= heartbeatEvery - (options.ProgressEvery / 2)) Beat();
            SendResults();
        }
    }

    private void Beat()
    {
        var (now, cpu) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var elapsed = time.GetElapsedTime(lastBeat, now);
        var percent = elapsed > TimeSpan.Zero ? 100 * (cpu - lastCpu) / elapsed : 0;
        (lastBeat, lastCpu) = (now, cpu);
        var beat = new Heartbeat { Sequence = nextHeartbeat(), At = time.GetUtcNow().ToTimestamp(), MemoryBytes = Environment.WorkingSet, CpuPercent = (float)percent };
        beat.Conditions.Add(options.Conditions());
        Offer(new AgentMessage { Heartbeat = beat });
    }

    private void SendResults()
    {
        foreach (var result in journal.NotKept)
        {
            lock (gate)
            {
                if (sentResults.TryGetValue(result.CommandId, out var at) && time.GetElapsedTime(at) < options.ResendAfter) continue;
            }

            Offer(result);
        }
    }

    private void Offer(CommandResult result)
    {
        lock (gate) sentResults[result.CommandId] = time.GetTimestamp();
        Offer(new AgentMessage { Result = result });
    }

    private void Offer(Inventory inventory) => Offer(new AgentMessage { Inventory = inventory });

    // A full queue means a console that does not read: results come again by time, the rest is out of date by then.
    private void Offer(AgentMessage message) => outgoing.Writer.TryWrite(message);
}
