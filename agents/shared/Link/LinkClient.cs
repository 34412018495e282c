using Grpc.Core;
using HyperBdr.Agents.Commands;
using HyperBdr.Agents.Identity;
using HyperBdr.Agents.Settings;
using HyperBdr.Contracts.Porter.V1;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Agents.Link;

/// <summary>Holds the link to the console for as long as the program runs: connects, says who it is, does commands, comes back whatever cuts it.</summary>
/// <remarks>
/// Commands go on while the link is down; their results are kept and sent when it is back. Renewal goes over gRPC on the agents' name for every kind of
/// transport. One instance for one process; <see cref="State"/> may be read from any thread.
/// </remarks>
/// <param name="console">Where renewal is asked for; the transport has its own.</param>
public sealed partial class LinkClient(ILinkTransport transport, Func<ConsoleAddress> console, IdentityStore store, CommandJournal journal, ICommandHandler handler, LinkOptions options, TimeProvider time, ILogger<LinkClient> log)
{
    // Two machines with one certificate differ in it; one that reconnects does not.
    private readonly string instanceId = $"{Guid.CreateVersion7():n}";
    private long heartbeats;
    private volatile LinkState state = new(false, time.GetUtcNow(), 0, null, null);
    private DateTimeOffset renewalLookedAt;
    private volatile bool renewed;

    public LinkState State => state with { Heartbeats = Interlocked.Read(ref heartbeats) };

    /// <summary>Runs until it is cancelled; commands that are worked on then stay unfinished and are resumed by the next process.</summary>
    /// <exception cref="IdentityException">The machine is not enrolled, or its files are damaged.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        await using var runs = new CommandRuns(journal, handler, options.Inventory, time, log);
        var backOff = new BackOff(options.FirstDelay, options.LongestDelay);
        runs.StartUnfinished();
        while (true)
        {
            var began = time.GetTimestamp();
            var ending = await OnceAsync(runs, ct);
            if (ct.IsCancellationRequested) return;
            if (ending == Ending.Renewed || (ending == Ending.Lost && time.GetElapsedTime(began) >= options.StableAfter)) backOff.Reset();
            try
            {
                if (ending == Ending.Dismissed) await runs.HoldAsync();
                if (ending != Ending.Renewed) await Task.Delay(ending == Ending.Dismissed ? options.DismissedRetry : backOff.Next(), time, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private enum Ending
    {
        Lost,
        Renewed,
        Dismissed,
    }

    private async Task<Ending> OnceAsync(CommandRuns runs, CancellationToken ct)
    {
        using var identity = store.Load() ?? throw new IdentityException("This machine is not enrolled.");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct);
        renewed = false;
        try
        {
            var dismissed = await HoldAsync(identity, runs, end);
            if (dismissed is null)
            {
                Change(connected: false, "The console ended the connection.", null);
                Lost(log, "The console ended the connection.");
                return Ending.Lost;
            }

            Change(connected: false, dismissed.Message, dismissed.Code);
            WasDismissed(log, dismissed.Code, dismissed.Message);
            return Ending.Dismissed;
        }
        catch (OperationCanceledException) when (renewed || ct.IsCancellationRequested)
        {
            Change(connected: false, null, null);
            return Ending.Renewed;
        }
        catch (Exception e) when (e is LinkException or IOException or OperationCanceledException)
        {
            var reason = e is OperationCanceledException ? $"{console()} does not answer." : e.Message;
            Change(connected: false, reason, null);
            Lost(log, reason);
            return Ending.Lost;
        }
    }

    private async Task<Dismissed?> HoldAsync(MachineIdentity identity, CommandRuns runs, CancellationTokenSource end)
    {
        var ct = end.Token;
        if (await RenewAsync(identity, ct)) throw new OperationCanceledException(ct);
        var inventory = await options.Inventory(ct);
        using var limit = new CancellationTokenSource(options.WelcomeTimeout, time);
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        await using var stream = await transport.ConnectAsync(identity, opening.Token);
        var hello = new Hello { Version = options.Version, InstanceId = instanceId, Inventory = inventory };
        hello.Working.AddRange(runs.Working);
        await stream.SendAsync(new AgentMessage { Hello = hello }, opening.Token);
        var first = await stream.ReceiveAsync(opening.Token) ?? throw new LinkException("The console ended the connection before it welcomed this machine.");
        if (first.Dismissed is { } dismissed) return dismissed;
        if (first.Welcome is not { } welcome) throw new LinkException("The console's first message is no welcome.");
        if (welcome.MachineId != identity.MachineId) throw new LinkException($"The console takes this machine for {welcome.MachineId}, its certificate says {identity.MachineId}.");

        Change(connected: true, null, null);
        Connected(log, identity.MachineId);
        if (welcome.Settings is { } settings) await ApplyAsync(settings, ct);
        var every = TimeSpan.FromSeconds(Math.Clamp(welcome.HeartbeatIntervalS, 1, 300));
        var session = new LinkSession(stream, options, journal, runs, time, every, () => Interlocked.Increment(ref heartbeats)) { Apply = s => ApplyAsync(s, ct) };
        var watching = WatchAgeAsync(identity, end);
        try
        {
            return await session.RunAsync(ct);
        }
        finally
        {
            await end.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchAgeAsync(MachineIdentity identity, CancellationTokenSource end)
    {
        using var timer = new PeriodicTimer(options.RenewalCheck, time);
        while (await timer.WaitForNextTickAsync(end.Token))
        {
            if (await RenewAsync(identity, end.Token)) await end.CancelAsync();
        }
    }

    /// <returns>True when there is a new certificate: the next connection shows it.</returns>
    private async Task<bool> RenewAsync(MachineIdentity identity, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (now - identity.Begins < options.RenewAfter || now - renewalLookedAt < options.RenewalCheck) return false;
        renewalLookedAt = now;
        try
        {
            using var connection = new GrpcConnection(console(), identity, time);
            var request = new RenewRequest { CertificateRequest = Google.Protobuf.ByteString.CopyFrom(store.CertificateRequest()) };
            var answer = await connection.Client.RenewAsync(request, deadline: now.UtcDateTime.AddSeconds(30), cancellationToken: ct);
            using var fresh = store.Renew(identity, answer);
            Renewed(log, fresh.Ends);
            return renewed = fresh.Begins > identity.Begins;
        }
        catch (RpcException) when (ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(ct);
        }
        catch (Exception e) when (e is RpcException or IdentityException or IOException)
        {
            // The old certificate is good for days yet: the link goes on and asks again.
            NotRenewed(log, e, identity.Ends);
            return false;
        }
    }

    private async Task ApplyAsync(AgentSettings settings, CancellationToken ct)
    {
        try
        {
            await handler.ApplyAsync(settings, ct);
        }
        catch (SettingsException e)
        {
            NotApplied(log, e.Message);
        }
    }

    private void Change(bool connected, string? fault, string? dismissedCode) =>
        state = new LinkState(connected, state.Connected == connected ? state.Since : time.GetUtcNow(), 0, fault, dismissedCode);

    [LoggerMessage(EventId = 8201, Level = LogLevel.Information, Message = "The console has welcomed this machine as {MachineId}")]
    private static partial void Connected(ILogger log, string machineId);

    [LoggerMessage(EventId = 8202, Level = LogLevel.Warning, Message = "No link to the console: {Reason}")]
    private static partial void Lost(ILogger log, string reason);

    [LoggerMessage(EventId = 8203, Level = LogLevel.Error, Message = "The console refuses this machine ({Code}): {Reason}. Running commands are stopped")]
    private static partial void WasDismissed(ILogger log, string code, string reason);

    [LoggerMessage(EventId = 8204, Level = LogLevel.Information, Message = "The machine's certificate was renewed and is valid until {Ends:u}")]
    private static partial void Renewed(ILogger log, DateTimeOffset ends);

    [LoggerMessage(EventId = 8205, Level = LogLevel.Error, Message = "The machine's certificate could not be renewed; it is valid until {Ends:u}")]
    private static partial void NotRenewed(ILogger log, Exception e, DateTimeOffset ends);

    [LoggerMessage(EventId = 8206, Level = LogLevel.Error, Message = "The console's settings are not applied: {Reason}")]
    private static partial void NotApplied(ILogger log, string reason);
}
