using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace HyperBdr.Engine.Nbd;

/// <summary>The transmission phase from the client's side: callers send one after the other, one loop receives and finishes each by its cookie.</summary>
/// <remarks>A failure of the connection fails everything under way and everything asked later.</remarks>
internal sealed class ClientLink : IAsyncDisposable
{
    private const int MaxErrorBytes = 64 * 1024;
    private const int MaxStatusBytes = 4 + 8 * 128 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<ulong, ClientRequest> pending = [];
    private readonly SemaphoreSlim sending = new(1);
    private readonly SemaphoreSlim room;
    private readonly byte[] header = new byte[NbdProtocol.RequestBytes];
    private readonly CancellationTokenSource closing = new();
    private readonly ClientHandshake connection;
    private readonly ClientSession session;
    private readonly string peer;
    private readonly TimeProvider time;
    private readonly TimeSpan answerTimeout;
    private readonly ITimer watch;
    private readonly Task receiving;
    private EngineException? failure;
    private ulong lastCookie;
    private long lastProgress;

    public ClientLink(ClientHandshake connection, ClientSession session, string peer, NbdClientOptions options, TimeProvider time)
    {
        (this.connection, this.session, this.peer, this.time) = (connection, session, peer, time);
        room = new(options.RequestsInFlight);
        answerTimeout = options.AnswerTimeout;
        watch = time.CreateTimer(_ => Judge(), null, answerTimeout / 4, answerTimeout / 4);
        receiving = Task.Run(ReceiveAllAsync);
    }

    /// <summary>Sends a request and returns when its answer is whole; errors of the server are in the request, not thrown.</summary>
    public async ValueTask AskAsync(ClientRequest request, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        await room.WaitAsync(ct);
        lock (gate)
        {
            if (failure is not null)
            {
                room.Release();
                throw failure;
            }

            request.Cookie = ++lastCookie;
            pending.Add(request.Cookie, request);
            Interlocked.Exchange(ref lastProgress, time.GetTimestamp());
        }

        await SendAsync(request, payload);
        await using var leaving = ct.UnsafeRegister(_ => Leave(request, ct), null).ConfigureAwait(false);
        await request.Done;
    }

    public async ValueTask DisposeAsync()
    {
        lock (gate) failure ??= new ConnectionLostException(peer, "the client was closed");
        await watch.DisposeAsync();
        await DisconnectAsync();
        await closing.CancelAsync();
        await receiving;
        await connection.DisposeAsync();
        closing.Dispose();
        sending.Dispose();
        room.Dispose();
    }

    /// <summary>Says good-bye when the connection can still be written to at once; otherwise closing it says the same.</summary>
    private async Task DisconnectAsync()
    {
        if (!await sending.WaitAsync(0)) return;
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
        try
        {
            header.AsSpan().Clear();
            BinaryPrimitives.WriteUInt32BigEndian(header, NbdProtocol.RequestMagic);
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), (ushort)NbdCommand.Disconnect);
            await connection.Stream.WriteAsync(header, late.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It is closed already.
        }
        finally
        {
            sending.Release();
        }
    }

    private async ValueTask SendAsync(ClientRequest request, ReadOnlyMemory<byte> payload)
    {
        // A request sent in part would spoil the stream, so the caller's wish to leave counts only before and after.
        await sending.WaitAsync();
        try
        {
            BinaryPrimitives.WriteUInt32BigEndian(header, NbdProtocol.RequestMagic);
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)request.Flags);
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), (ushort)request.Command);
            BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(8), request.Cookie);
            BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(16), request.Offset);
            BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(24), request.Length);
            await connection.Stream.WriteAsync(header, closing.Token);
            if (!payload.IsEmpty) await connection.Stream.WriteAsync(payload, closing.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The receiving loop, and only it, fails what is under way: it may be writing into a caller's memory.
            lock (gate) failure ??= new ConnectionLostException(peer, "the connection was lost", e);
            await closing.CancelAsync();
        }
        finally
        {
            sending.Release();
        }
    }

    private void Leave(ClientRequest request, CancellationToken ct)
    {
        lock (gate)
        {
            if (request.IsReceiving) request.Leaving = ct;
            else request.Abandon(ct);
        }
    }

    private async Task ReceiveAllAsync()
    {
        try
        {
            while (await connection.Inbound.WaitAsync(closing.Token)) await ReceiveAsync(closing.Token);
            Fail(new ConnectionLostException(peer, "the server closed the connection"));
        }
        catch (EngineException e)
        {
            Fail(e);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            Fail(new ConnectionLostException(peer, "the connection was closed", e));
        }
        finally
        {
            // Whatever ended the loop, nobody may wait for it.
            Fail(new ConnectionLostException(peer, "the connection is no longer read"));
        }
    }

    private async ValueTask ReceiveAsync(CancellationToken ct)
    {
        Interlocked.Exchange(ref lastProgress, time.GetTimestamp());
        var reply = await connection.Inbound.TakeAsync(NbdProtocol.SimpleReplyBytes, ct);
        var magic = BinaryPrimitives.ReadUInt32BigEndian(reply.Span);
        var request = Find(BinaryPrimitives.ReadUInt64BigEndian(reply.Span[8..]));
        if (magic == NbdProtocol.SimpleReplyMagic)
        {
            await SimpleAsync(request, (NbdError)BinaryPrimitives.ReadUInt32BigEndian(reply.Span[4..]), ct);
            return;
        }

        if (magic != NbdProtocol.ChunkMagic || !session.Structured) throw Violation("no reply where one must begin");
        var done = (BinaryPrimitives.ReadUInt16BigEndian(reply.Span[4..]) & NbdProtocol.DoneFlag) != 0;
        var type = (NbdChunk)BinaryPrimitives.ReadUInt16BigEndian(reply.Span[6..]);
        var length = BinaryPrimitives.ReadUInt32BigEndian((await connection.Inbound.TakeAsync(4, ct)).Span);
        await ChunkAsync(request, type, length, ct);
        if (type == NbdChunk.None && !done) throw Violation("an empty chunk that is not the last");
        if (done) Finish(request);
    }

    private async ValueTask SimpleAsync(ClientRequest request, NbdError error, CancellationToken ct)
    {
        if (session.Structured && request.Command is NbdCommand.Read or NbdCommand.BlockStatus) throw Violation("a simple reply where chunks are due");
        request.Error = error;
        if (error == NbdError.None && request.Command == NbdCommand.Read)
        {
            request.TryCover((ulong)request.Offset, request.Length);
            await DataAsync(request, 0, request.Length, ct);
        }

        Finish(request);
    }

    private async ValueTask ChunkAsync(ClientRequest request, NbdChunk type, uint length, CancellationToken ct)
    {
        switch (type)
        {
            case NbdChunk.None when length == 0:
                return;
            case NbdChunk.OffsetData when request.Command == NbdCommand.Read && length > 8 && length - 8 <= request.Length:
                var at = BinaryPrimitives.ReadUInt64BigEndian((await connection.Inbound.TakeAsync(8, ct)).Span);
                if (!request.TryCover(at, length - 8)) throw Violation("data that was not asked for, or twice");
                await DataAsync(request, (int)(at - (ulong)request.Offset), length - 8, ct);
                return;
            case NbdChunk.OffsetHole when request.Command == NbdCommand.Read && length == 12:
                Hole(request, (await connection.Inbound.TakeAsync(12, ct)).Span);
                return;
            case NbdChunk.BlockStatus when request.Command == NbdCommand.BlockStatus && length is >= 12 and <= MaxStatusBytes && (length - 4) % 8 == 0:
                await StatusAsync(request, (int)length, ct);
                return;
            // Every type with bit 15 is an error, known or not.
            case >= (NbdChunk)0x8000 when length is >= 6 and <= MaxErrorBytes:
                Error(request, (await connection.Inbound.TakeAsync((int)length, ct)).Span);
                return;
            default:
                throw Violation($"a chunk of type {(ushort)type} and {length} bytes, which does not belong here");
        }
    }

    private async ValueTask DataAsync(ClientRequest request, int start, uint length, CancellationToken ct)
    {
        bool wanted;
        lock (gate) wanted = request.IsReceiving = !request.IsAbandoned;
        try
        {
            if (wanted) await connection.Inbound.ReadAsync(request.Into.Slice(start, (int)length), ct);
            else await connection.Inbound.SkipAsync(length, ct);
        }
        finally
        {
            lock (gate)
            {
                request.IsReceiving = false;
                if (request.Leaving.IsCancellationRequested) request.Abandon(request.Leaving);
            }
        }
    }

    private void Hole(ClientRequest request, ReadOnlySpan<byte> body)
    {
        var at = BinaryPrimitives.ReadUInt64BigEndian(body);
        var size = BinaryPrimitives.ReadUInt32BigEndian(body[8..]);
        if (!request.TryCover(at, size)) throw Violation("a hole that was not asked for, or twice");
        lock (gate)
        {
            if (!request.IsAbandoned) request.Into.Span.Slice((int)(at - (ulong)request.Offset), (int)size).Clear();
        }
    }

    private async ValueTask StatusAsync(ClientRequest request, int length, CancellationToken ct)
    {
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await connection.Inbound.ReadAsync(rented.AsMemory(0, length), ct);
            var id = BinaryPrimitives.ReadUInt32BigEndian(rented);
            var found = new (uint Length, uint Flags)[(length - 4) / 8];
            var total = 0UL;
            for (var i = 0; i < found.Length; i++)
            {
                found[i] = (BinaryPrimitives.ReadUInt32BigEndian(rented.AsSpan(4 + i * 8)), BinaryPrimitives.ReadUInt32BigEndian(rented.AsSpan(8 + i * 8)));
                // Only the last may reach over the end of what was asked for, and each must bring the client on.
                if (found[i].Length == 0 || total >= request.Length) throw Violation("an extent that leads nowhere");
                total += found[i].Length;
            }

            if (!session.Contexts.Values.Contains(id) || !request.Status.TryAdd(id, found)) throw Violation("extents of a context that was not asked for, or twice");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void Error(ClientRequest request, ReadOnlySpan<byte> body)
    {
        var error = BinaryPrimitives.ReadUInt32BigEndian(body);
        if (error == 0 || BinaryPrimitives.ReadUInt16BigEndian(body[4..]) > body.Length - 6) throw Violation("an error that is none, or with a text that is too long");
        request.Error = (NbdError)error;
    }

    private ClientRequest Find(ulong cookie)
    {
        lock (gate) return pending.TryGetValue(cookie, out var request) ? request : throw Violation("a reply to no request");
    }

    private void Finish(ClientRequest request)
    {
        if (request.Error == NbdError.None && request.Command == NbdCommand.Read && !request.IsComplete) throw Violation("a read that ended without all of its data");
        if (request.Error == NbdError.None && request.Command == NbdCommand.BlockStatus && request.Status.Count == 0) throw Violation("an answer without an extent");
        lock (gate) pending.Remove(request.Cookie);
        room.Release();
        request.Finish();
    }

    private void Fail(EngineException why)
    {
        ClientRequest[] lost;
        lock (gate)
        {
            failure ??= why;
            lost = [.. pending.Values];
            pending.Clear();
        }

        if (lost.Length > 0) room.Release(lost.Length);
        foreach (var request in lost) request.Fail(failure);
    }

    private void Judge()
    {
        lock (gate)
        {
            if (pending.Count == 0 || time.GetElapsedTime(Interlocked.Read(ref lastProgress)) <= answerTimeout) return;
            failure ??= new ConnectionLostException(peer, "the server does not answer");
        }

        closing.Cancel();
    }

    private EngineException Violation(string what) => new(Fault.Protocol, peer, what);
}
