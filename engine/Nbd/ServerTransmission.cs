using System.Buffers;

namespace HyperBdr.Engine.Nbd;

/// <summary>The transmission phase of one connection: takes requests as far as the limits let it and answers each when it is done.</summary>
internal sealed class ServerTransmission(ServerSession session, Inbound inbound, ReplyWriter replies, string peer, NbdServerOptions options, TimeProvider time) : IDisposable
{
    /// <summary>A request of more goes to another thread, so that the next one is taken meanwhile.</summary>
    private const int InPlace = 64 * 1024;

    private readonly NbdExport export = session.Export;
    private readonly InFlight inFlight = new(options.RequestsInFlight, options.BytesInFlight);
    private readonly ExportReader reader = new(session.Export, replies);
    private readonly CancellationTokenSource failed = new();
    private Exception? failure;
    private long lastRequest = time.GetTimestamp();

    /// <summary>Returns when the client left; what it asked for is done by then.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct, failed.Token);
        await using var watch = Watch();
        try
        {
            await TakeAllAsync(ending.Token);
        }
        catch (Exception e) when (Fail(e))
        {
        }
        finally
        {
            // Buffers go back to their pool only when nobody uses them any more.
            await failed.CancelAsync().ConfigureAwait(false);
            await inFlight.DrainAsync(CancellationToken.None);
        }

        if (failure is OperationCanceledException && ct.IsCancellationRequested) return;
        if (failure is not null) throw failure;
    }

    public void Dispose() => failed.Dispose();

    private async Task TakeAllAsync(CancellationToken ct)
    {
        while (await inbound.WaitAsync(ct))
        {
            if (!NbdRequest.TryParse((await inbound.TakeAsync(NbdProtocol.RequestBytes, ct)).Span, out var request))
                throw new EngineException(Fault.Protocol, peer, "no request where one must begin");
            Interlocked.Exchange(ref lastRequest, time.GetTimestamp());
            if (request.Command == NbdCommand.Disconnect) break;
            await TakeAsync(request, ct);
        }

        await inFlight.DrainAsync(ct);
    }

    private async ValueTask TakeAsync(NbdRequest request, CancellationToken ct)
    {
        var error = request.Check(export, session.Structured, session.Allocation);
        var writes = request.Command == NbdCommand.Write;
        if (writes && request.Length > NbdProtocol.MaxPayloadBytes) throw new EngineException(Fault.Protocol, peer, $"a write of {request.Length} bytes");
        if (error != NbdError.None)
        {
            if (writes) await inbound.SkipAsync(request.Length, ct);
            await replies.FailAsync(request.Cookie, error, "the request is not valid here", ct);
            return;
        }

        var cost = writes ? (int)request.Length : request.Command == NbdCommand.Read ? ExportReader.Cost(request, session.Structured) : 0;
        await inFlight.EnterAsync(cost, ct);
        var payload = writes ? await PayloadAsync((int)request.Length, ct) : null;
        if (inbound.Buffered > 0 || cost > InPlace) _ = Task.Run(() => FinishAsync(request, payload, cost, ct), CancellationToken.None);
        else _ = FinishAsync(request, payload, cost, ct);
    }

    private async ValueTask<byte[]> PayloadAsync(int length, CancellationToken ct)
    {
        var payload = ArrayPool<byte>.Shared.Rent(length);
        var whole = false;
        try
        {
            await inbound.ReadAsync(payload.AsMemory(0, length), ct);
            whole = true;
            return payload;
        }
        finally
        {
            if (!whole) Leave(payload, length);
        }
    }

    private async Task FinishAsync(NbdRequest request, byte[]? payload, int cost, CancellationToken ct)
    {
        try
        {
            await AnswerAsync(request, payload, ct);
        }
        catch (Exception e) when (Fail(e))
        {
            await failed.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            Leave(payload, cost);
        }
    }

    private async Task AnswerAsync(NbdRequest request, byte[]? payload, CancellationToken ct)
    {
        try
        {
            await CarryOutAsync(request, payload, ct);
        }
        catch (Exception e) when (e is EngineException { Fault: not Fault.Protocol } or IOException or UnauthorizedAccessException)
        {
            await replies.FailAsync(request.Cookie, Error(e), e is EngineException known ? known.Code : "input or output failed", ct);
        }
    }

    private async ValueTask CarryOutAsync(NbdRequest request, byte[]? payload, CancellationToken ct)
    {
        switch (request.Command)
        {
            case NbdCommand.Read:
                await reader.ReadAsync(request, ct);
                return;
            case NbdCommand.BlockStatus:
                await reader.StatusAsync(request, ct);
                return;
            case NbdCommand.Cache:
                await reader.WarmAsync(request.Range, ct);
                break;
            case NbdCommand.Write:
                await ExportWriter.WriteAsync(export, request.Range.Offset, payload.AsMemory(0, (int)request.Length), ct);
                break;
            case NbdCommand.WriteZeroes:
                await ExportWriter.ZeroAsync(export, request.Range, request.Has(NbdCommandFlags.NoHole), ct);
                break;
            case NbdCommand.Trim:
                await ExportWriter.TrimAsync(export, request.Range, ct);
                break;
        }

        if (export.Writable is { } target && (request.IsFua || request.Command == NbdCommand.Flush)) await target.FlushAsync(ct);
        await replies.DoneAsync(request.Cookie, ct);
    }

    private void Leave(byte[]? payload, int cost)
    {
        if (payload is not null) ArrayPool<byte>.Shared.Return(payload);
        inFlight.Leave(cost);
    }

    /// <summary>Remembers the first failure; the rest follows from it.</summary>
    private bool Fail(Exception e)
    {
        Interlocked.CompareExchange(ref failure, e, null);
        return true;
    }

    private ITimer Watch()
    {
        var idle = options.IdleTimeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : options.IdleTimeout;
        var period = TimeSpan.FromTicks(Math.Min(idle.Ticks, options.SendTimeout.Ticks) / 4);
        return time.CreateTimer(_ => Judge(idle), null, period, period);
    }

    private void Judge(TimeSpan idle)
    {
        var silent = inFlight.IsIdle && time.GetElapsedTime(Interlocked.Read(ref lastRequest)) > idle;
        if (!silent && replies.StalledFor <= options.SendTimeout) return;
        Fail(new EngineException(Fault.Protocol, peer, silent ? "the client was silent for too long" : "the client does not take its replies"));
        failed.Cancel();
    }

    private static NbdError Error(Exception e) => e is not EngineException known ? NbdError.Io : known.Fault switch
    {
        Fault.StoreFull => NbdError.NoSpace,
        Fault.TargetFailed when known.InnerException is IOException { HResult: IO.Posix.NoSpace or IO.Posix.QuotaExceeded } => NbdError.NoSpace,
        Fault.InvalidArgument => NbdError.Invalid,
        Fault.Protected or Fault.StoreRefused => NbdError.NotPermitted,
        _ => NbdError.Io,
    };
}
