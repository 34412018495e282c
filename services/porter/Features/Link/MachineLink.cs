using System.Data.Common;
using System.Diagnostics.Metrics;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Porter.Features.Commands;
using HyperBdr.Porter.Features.Machines;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HyperBdr.Porter.Features.Link;

/// <summary>Runs one stream from Hello to its end, whatever carries it.</summary>
internal sealed partial class MachineLink(Admission admission, LinkRegistry links, Delivery delivery, CommandBoard board, IOptions<AgentLinkOptions> options, TimeProvider time, ILogger<MachineLink> log)
{
    private static readonly TimeSpan HelloWithin = TimeSpan.FromSeconds(15);
    private static readonly Counter<long> Beats = LinkRegistry.Meter.CreateCounter<long>("hyperbdr_link_beats", description: "Heartbeats of machines.");
    private static readonly Histogram<double> BeatDelay = LinkRegistry.Meter.CreateHistogram("hyperbdr_link_beat_delay", "ms", "From the clock of the machine to here.", null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 5, 10, 25, 50, 100, 175, 250, 500, 1000, 2500, 10_000] });

    /// <returns>Why the machine may not come back, or what it did wrong; null when the stream just ended.</returns>
    public async Task<Error?> RunAsync(MachineIdentity? identity, ILinkTransport transport, CancellationToken ct)
    {
        try
        {
            return identity is null ? await RefuseAsync(transport, Domain.Machine.CertificateRevoked, ct) : await ServeAsync(identity, transport, ct);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return null;
        }
        catch (Exception e) when (IsOfDatabase(e))
        {
            Faulted(log, identity!.MachineId, e.GetBaseException().Message);
            return CommonErrors.Unavailable;
        }
    }

    private static bool IsOfDatabase(Exception e) => e is DbException or DbUpdateException or TimeoutException or InvalidOperationException { InnerException: NpgsqlException };

    private async Task<Error?> ServeAsync(MachineIdentity identity, ILinkTransport transport, CancellationToken ct)
    {
        if (await FirstAsync(transport, ct) is not { } hello) return Admission.Malformed;
        var id = Guid.CreateVersion7();
        var admitted = await admission.AdmitAsync(identity, hello, id, ct);
        if (admitted.IsError) return admitted.Error.Kind == ErrorKind.Unauthenticated ? await RefuseAsync(transport, admitted.Error, ct) : admitted.Error;

        using var session = new LinkSession(id, identity.MachineId, identity.TenantId, admitted.Value.CertificateEnds, time.GetUtcNow());
        await transport.WriteAsync(WelcomeOf(admitted.Value), ct);
        await delivery.AlreadyWorkingAsync(session, hello.Working, ct);
        links.Add(session);
        session.Wake();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, session.Ended);
        var writing = WriteAsync(session, transport, both.Token);
        try
        {
            var orderly = await ReadAsync(session, transport, both.Token);
            if (orderly) await admission.LeftAsync(session, CancellationToken.None);
            return null;
        }
        finally
        {
            links.Remove(session);
            board.Left(session.MachineId);
            session.End();
            await writing;
        }
    }

    private async Task<Hello?> FirstAsync(ILinkTransport transport, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(HelloWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        return (await transport.ReadAsync(either.Token))?.Hello;
    }

    private static async Task<Error?> RefuseAsync(ILinkTransport transport, Error reason, CancellationToken ct)
    {
        await transport.WriteAsync(LinkSession.Farewell(reason), ct);
        return reason;
    }

    private ServerMessage WelcomeOf(Admission.Admitted admitted) => new()
    {
        Welcome = new Welcome { MachineId = admitted.Machine.Id.ToString(), HeartbeatIntervalS = options.Value.HeartbeatSeconds, Settings = admitted.Machine.Settings.ToWire() },
    };

    /// <returns>True when the machine said goodbye.</returns>
    private async Task<bool> ReadAsync(LinkSession session, ILinkTransport transport, CancellationToken ct)
    {
        while (await transport.ReadAsync(ct) is { } message)
        {
            var now = time.GetUtcNow();
            session.Seen(now);
            switch (message.BodyCase)
            {
                case AgentMessage.BodyOneofCase.Heartbeat:
                    session.Beat(message.Heartbeat, now);
                    Beats.Add(1);
                    if (message.Heartbeat.At is { } at) BeatDelay.Record(Math.Max(0, (now - at.ToDateTimeOffset()).TotalMilliseconds));
                    break;
                case AgentMessage.BodyOneofCase.Progress:
                    delivery.Progress(session, message.Progress);
                    break;
                case AgentMessage.BodyOneofCase.Received:
                    await delivery.ReceivedAsync(session, message.Received.CommandId, ct);
                    break;
                case AgentMessage.BodyOneofCase.Result:
                    await delivery.KeepAsync(session, message.Result, ct);
                    await session.SendAsync(new ServerMessage { ResultKept = new ResultKept { CommandId = message.Result.CommandId } }, ct);
                    break;
                case AgentMessage.BodyOneofCase.Inventory:
                    await admission.UpdateAsync(session, message.Inventory, ct);
                    break;
                default:
                    // A message of a newer agent, or a second Hello: nothing that we could act on.
                    break;
            }
        }

        return true;
    }

    private async Task WriteAsync(LinkSession session, ILinkTransport transport, CancellationToken ct)
    {
        try
        {
            await foreach (var message in session.PendingAsync(ct))
            {
                if (message is not null) await transport.WriteAsync(message, ct);
                else await DeliverAsync(session, transport, ct);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The reader sees the same end.
        }
        finally
        {
            session.End();
        }
    }

    private async Task DeliverAsync(LinkSession session, ILinkTransport transport, CancellationToken ct)
    {
        session.Awake();
        session.Owes = false;
        try
        {
            foreach (var command in await delivery.DueAsync(session, ct)) await transport.WriteAsync(new ServerMessage { Command = command }, ct);
        }
        catch (Exception e) when (IsOfDatabase(e))
        {
            // The stream stays; the watch wakes it again.
            session.Owes = true;
            Faulted(log, session.MachineId, e.GetBaseException().Message);
        }
    }

    [LoggerMessage(EventId = 3101, Level = LogLevel.Warning, Message = "The stream of machine {Machine} could not be served now: {Reason}")]
    private static partial void Faulted(ILogger log, Guid machine, string reason);
}
