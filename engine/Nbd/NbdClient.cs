using System.Net.Sockets;
using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>A disk behind an NBD server, over one connection (doc/proto.md of the NetworkBlockDevice project).</summary>
/// <remarks>Safe for calls side by side; they share the connection and wait for each other only while sending. It does not connect again:
/// a lost connection or an error of the server is <see cref="Fault.SourceUnreadable"/> or <see cref="Fault.TargetFailed"/> with export and
/// offset, a server that breaks the protocol is <see cref="Fault.Protocol"/>, and the client is of no more use after either of the latter two.
/// Memory passed to a call is not touched after the call has ended, cancelled or not.</remarks>
public sealed class NbdClient : IBlockSource, IBlockTarget
{
    /// <summary>Longest range of one question or zeroing: a multiple of every block size.</summary>
    private const long MaxRange = 1L << 30;

    /// <summary>Zeros that are sent at a time where the server cannot zero by itself.</summary>
    private const int ZeroPiece = 1 << 20;

    private readonly ClientLink link;
    private readonly ClientSession session;
    private readonly NbdUri uri;
    private int disposed;

    internal NbdClient(NbdUri uri, ClientHandshake connection, ClientSession session, NbdClientOptions options, TimeProvider time)
    {
        this.uri = uri;
        this.session = session;
        Name = uri.ToString();
        link = new(connection, session, Name, options, time);
    }

    /// <inheritdoc cref="IBlockSource.Name"/>
    public string Name { get; }

    /// <inheritdoc/>
    public long? Length => session.Length;

    /// <summary>True when the server takes no writes.</summary>
    public bool IsReadOnly => session.Can(NbdExportFlags.ReadOnly);

    /// <summary>True when the server tells holes from data.</summary>
    public bool KnowsExtents => session.Contexts.ContainsKey(NbdProtocol.Allocation);

    /// <summary>True when several clients may write to this export at one time.</summary>
    public bool CanMultiConnect => session.Can(NbdExportFlags.CanMultiConn);

    /// <summary>Connects and negotiates.</summary>
    /// <exception cref="EngineException"><see cref="Fault.SourceUnreadable"/>: nobody answers, or the server refuses; <see cref="Fault.NotFound"/>: no such export; <see cref="Fault.Protocol"/>.</exception>
    public static async Task<NbdClient> ConnectAsync(NbdUri uri, NbdClientOptions? options = null, TimeProvider? time = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(uri);
        options ??= new();
        time ??= TimeProvider.System;
        return await NegotiateAsync(uri, options, time, async (handshake, inTime) =>
        {
            var agreed = await handshake.NegotiateAsync(inTime);
            return (new NbdClient(uri, handshake, agreed, options, time), true);
        }, ct);
    }

    /// <summary>The names of all exports of a server; the export of the URI does not matter.</summary>
    /// <exception cref="EngineException">As <see cref="ConnectAsync"/>.</exception>
    public static Task<IReadOnlyList<string>> ListAsync(NbdUri uri, NbdClientOptions? options = null, TimeProvider? time = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return NegotiateAsync(uri, options ?? new(), time ?? TimeProvider.System, async (handshake, inTime) => (await handshake.ListAsync(inTime), false), ct);
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        if (offset < 0) throw new EngineException(Fault.InvalidArgument, At(offset), "a negative offset");
        var length = (int)Math.Clamp(session.Length - offset, 0, into.Length);
        await InPiecesAsync(length, (at, size) => AskAsync(new(NbdCommand.Read, NbdCommandFlags.None, offset + at, (uint)size, into.Slice(at, size)), default, Fault.SourceUnreadable, ct));
        return length;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        var end = Math.Min(range.End, session.Length);
        if (range.Offset >= end) yield break;
        var merged = new ExtentMerger(range.Offset, end);
        if (!KnowsExtents)
        {
            yield return new(range.Offset, end - range.Offset, true);
            yield break;
        }

        await foreach (var (piece, flags) in StatusAsync(NbdProtocol.Allocation, range.Offset, end, ct))
        {
            // Only what surely reads as zeros is a hole.
            if (merged.Add(piece, (flags & NbdProtocol.StateZero) == 0) is { } extent) yield return extent;
        }

        if (merged.Last() is { } last) yield return last;
    }

    /// <summary>What a QEMU server's dirty bitmap says has changed, in ascending whole blocks (the last cut at the disk's end), adjoining ones merged.</summary>
    /// <param name="bitmap">One of <see cref="NbdClientOptions.DirtyBitmaps"/>.</param>
    /// <param name="ct">Cancels the reading.</param>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/>: the server does not offer this bitmap.</exception>
    public async IAsyncEnumerable<ByteRange> DirtyRangesAsync(string bitmap, [EnumeratorCancellation] CancellationToken ct)
    {
        var context = NbdProtocol.DirtyBitmap + bitmap;
        if (!session.Contexts.ContainsKey(context)) throw new EngineException(Fault.NotFound, Name, $"the server offers no dirty bitmap '{bitmap}'");
        ByteRange? open = null;
        await foreach (var (piece, flags) in StatusAsync(context, 0, session.Length, ct))
        {
            if ((flags & NbdProtocol.StateDirty) == 0) continue;
            var start = piece.Offset & -Block.Size;
            var end = Math.Min((piece.End + Block.Size - 1) & -Block.Size, session.Length);
            if (open is { } before && before.End >= start)
            {
                open = new(before.Offset, Math.Max(end, before.End) - before.Offset);
                continue;
            }

            if (open is { } whole) yield return whole;
            open = new(start, end - start);
        }

        if (open is { } last) yield return last;
    }

    /// <summary>Checks that the export may be written and is at least so long; it is never known to be all zeros.</summary>
    /// <exception cref="EngineException"><see cref="Fault.TargetFailed"/></exception>
    public ValueTask<bool> PrepareAsync(long length, CancellationToken ct)
    {
        if (IsReadOnly) throw new EngineException(Fault.TargetFailed, Name, "the export is read-only");
        if (length > session.Length) throw new EngineException(Fault.TargetFailed, Name, $"the export has {session.Length} bytes, not {length}");
        return new(false);
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        CheckWrite(offset, content.Length);
        return InPiecesAsync(content.Length, (at, size) =>
            AskAsync(new(NbdCommand.Write, NbdCommandFlags.None, offset + at, (uint)size, default), content.Slice(at, size), Fault.TargetFailed, ct));
    }

    /// <inheritdoc/>
    public async ValueTask ZeroAsync(ByteRange range, CancellationToken ct)
    {
        CheckWrite(range.Offset, range.Length);
        var can = session.Can(NbdExportFlags.SendWriteZeroes);
        var piece = can ? MaxRange : Math.Min(session.MaxPayload, ZeroPiece);
        var zeros = can ? [] : new byte[Math.Min(piece, range.Length)];
        for (var at = range.Offset; at < range.End; at += piece)
        {
            var size = (int)Math.Min(piece, range.End - at);
            await AskAsync(new(can ? NbdCommand.WriteZeroes : NbdCommand.Write, NbdCommandFlags.None, at, (uint)size, default), can ? default : zeros.AsMemory(0, size), Fault.TargetFailed, ct);
        }
    }

    /// <inheritdoc/>
    public ValueTask FlushAsync(CancellationToken ct) => session.Can(NbdExportFlags.SendFlush)
        ? AskAsync(new(NbdCommand.Flush, NbdCommandFlags.None, 0, 0, default), default, Fault.TargetFailed, ct)
        : default;

    /// <summary>Takes leave of the server; what is under way fails.</summary>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref disposed, 1) == 0 ? link.DisposeAsync() : default;

    private static async Task<T> NegotiateAsync<T>(NbdUri uri, NbdClientOptions options, TimeProvider time, Func<ClientHandshake, CancellationToken, Task<(T Result, bool Keep)>> negotiate, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        ClientHandshake? handshake = null;
        var keep = false;
        try
        {
            handshake = new(await OpenAsync(uri, either.Token), uri, options);
            (var result, keep) = await negotiate(handshake, either.Token);
            return result;
        }
        catch (OperationCanceledException e) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new EngineException(Fault.SourceUnreadable, uri.ToString(), "the server does not answer", e);
        }
        catch (ConnectionLostException e)
        {
            throw new EngineException(Fault.SourceUnreadable, uri.ToString(), "the server closed the connection before it was ready", e);
        }
        finally
        {
            if (!keep && handshake is not null) await handshake.DisposeAsync();
        }
    }

    private static async Task<Stream> OpenAsync(NbdUri uri, CancellationToken ct)
    {
        var socket = uri.SocketPath is null ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true } : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var connected = false;
        try
        {
            if (uri.SocketPath is null) await socket.ConnectAsync(uri.Host!, uri.Port, ct);
            else await socket.ConnectAsync(UnixSocketFile.Address(uri.SocketPath), ct);
            connected = true;
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            throw new EngineException(Fault.SourceUnreadable, uri.ToString(), "nobody answers", e);
        }
        finally
        {
            if (!connected) socket.Dispose();
        }
    }

    private async IAsyncEnumerable<(ByteRange Piece, uint Flags)> StatusAsync(string context, long start, long end, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var at = start; at < end;)
        {
            var request = new ClientRequest(NbdCommand.BlockStatus, NbdCommandFlags.None, at, (uint)Math.Min(MaxRange, end - at), default);
            await AskAsync(request, default, Fault.SourceUnreadable, ct);
            if (!request.Status.TryGetValue(session.Contexts[context], out var found)) throw new EngineException(Fault.Protocol, At(at), $"an answer without '{context}'");
            foreach (var (length, flags) in found)
            {
                var size = Math.Min(length, end - at);
                if (size <= 0) break;
                yield return (new(at, size), flags);
                at += size;
            }
        }
    }

    /// <summary>Cuts a transfer at the server's limit; the pieces are under way together.</summary>
    private async ValueTask InPiecesAsync(int length, Func<int, int, ValueTask> transfer)
    {
        if (length <= session.MaxPayload)
        {
            if (length > 0) await transfer(0, length);
            return;
        }

        var pieces = new List<Task>();
        for (var at = 0; at < length; at += session.MaxPayload) pieces.Add(transfer(at, Math.Min(session.MaxPayload, length - at)).AsTask());
        await Task.WhenAll(pieces);
    }

    private async ValueTask AskAsync(ClientRequest request, ReadOnlyMemory<byte> payload, Fault fault, CancellationToken ct)
    {
        try
        {
            await link.AskAsync(request, payload, ct);
        }
        catch (ConnectionLostException e)
        {
            throw new EngineException(fault, At(request.Offset), "the connection is lost", e);
        }

        if (request.Error == NbdError.None) return;
        var what = request.Error is NbdError.NoSpace ? "no room left" : $"error {(uint)request.Error}";
        throw new EngineException(fault, At(request.Offset), $"the server answered {request.Command} with {what}");
    }

    private void CheckWrite(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > session.Length - length) throw new EngineException(Fault.TargetFailed, At(offset), $"{length} bytes do not fit into {session.Length}");
        if (offset % session.MinBlock != 0 || length % session.MinBlock != 0) throw new EngineException(Fault.InvalidArgument, At(offset), $"the server takes whole blocks of {session.MinBlock} bytes");
    }

    private string At(long offset) => $"{uri}@{offset}";
}
