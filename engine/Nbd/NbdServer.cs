using System.Net;
using System.Net.Sockets;

namespace HyperBdr.Engine.Nbd;

/// <summary>Offers disks over the Network Block Device protocol (fixed newstyle, doc/proto.md of the NetworkBlockDevice project):
/// structured replies, <c>base:allocation</c>, STARTTLS, several connections to one export.</summary>
/// <remarks>Safe for calls side by side. Requests of one connection are answered as they finish. A client that breaks the
/// protocol, or takes too long, loses its own connection and nothing else. Limits: <see cref="NbdServerOptions"/>.</remarks>
public sealed class NbdServer : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly NbdServerOptions options;
    private readonly TimeProvider time;
    private readonly IReadOnlyList<NbdExport> exports;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Socket> listeners = [];
    private readonly HashSet<Task> running = [];
    private int connections;

    /// <param name="exports">The disks, with different names.</param>
    /// <param name="options">Limits and security.</param>
    /// <param name="time">The clock of all time limits.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public NbdServer(IEnumerable<NbdExport> exports, NbdServerOptions? options = null, TimeProvider? time = null)
    {
        this.exports = [.. exports];
        this.options = options ?? new();
        this.time = time ?? TimeProvider.System;
        if (this.exports.Count == 0 || this.exports.Select(e => e.Name).Distinct(StringComparer.Ordinal).Count() != this.exports.Count)
            throw new EngineException(Fault.InvalidArgument, "exports", "need one or more, with different names");
        if (this.options.RequireTls && this.options.Certificate is null)
            throw new EngineException(Fault.InvalidArgument, "exports", "TLS needs a certificate");
    }

    /// <summary>Connections at this moment.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>Listens on a Unix socket that only its owner may connect to (mode 0600); replaces a socket file that nobody answers on.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Busy"/>, <see cref="Fault.NameTaken"/>, <see cref="Fault.InvalidArgument"/></exception>
    public void ListenUnix(string path) => Accept(UnixSocketFile.Bind(path));

    /// <summary>Listens on a TCP address; port 0 takes a free one.</summary>
    /// <returns>The address with its port.</returns>
    /// <exception cref="EngineException"><see cref="Fault.Busy"/></exception>
    public IPEndPoint ListenTcp(IPEndPoint address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            socket.Listen(64);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new EngineException(Fault.Busy, address.ToString(), "cannot listen here", e);
        }

        Accept(socket);
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Stops listening, ends all connections and returns when nothing uses the exports any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] all;
        lock (gate)
        {
            if (stopping.IsCancellationRequested) return;
            stopping.Cancel();
            foreach (var listener in listeners) listener.Dispose();
            all = [.. running];
        }

        await Task.WhenAll(all);
        stopping.Dispose();
    }

    /// <summary>Serves one connection that exists already; the stream stays the caller's.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Protocol"/>: the client broke the protocol.</exception>
    internal async Task ServeAsync(Stream stream, string peer, CancellationToken ct)
    {
        await using var handshake = new ServerHandshake(stream, peer, () => exports, options);
        if (await NegotiateAsync(handshake, peer, ct) is not { } session) return;
        using var replies = new ReplyWriter(handshake.Stream, peer, session.Structured, time);
        using var transmission = new ServerTransmission(session, handshake.Inbound, replies, peer, options, time);
        await transmission.RunAsync(ct);
    }

    private async Task<ServerSession?> NegotiateAsync(ServerHandshake handshake, string peer, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        try
        {
            return await handshake.NegotiateAsync(either.Token);
        }
        catch (OperationCanceledException e) when (late.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new EngineException(Fault.Protocol, peer, "the negotiation took too long", e);
        }
    }

    private void Accept(Socket listener)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping.IsCancellationRequested, this);
            listeners.Add(listener);
            Track(AcceptAllAsync(listener));
        }
    }

    private async Task AcceptAllAsync(Socket listener)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Begin(await listener.AcceptAsync(stopping.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || stopping.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException e)
            {
                // A client that hung up before it was accepted, or no descriptors left for a moment.
                options.ConnectionFailed?.Invoke(e);
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, CancellationToken.None);
            }
        }
    }

    private void Begin(Socket socket)
    {
        if (Interlocked.Increment(ref connections) > options.MaxConnections)
        {
            Interlocked.Decrement(ref connections);
            socket.Dispose();
            return;
        }

        lock (gate) Track(Task.Run(() => ConnectionAsync(socket)));
    }

    private async Task ConnectionAsync(Socket socket)
    {
        try
        {
            if (socket.AddressFamily != AddressFamily.Unix) socket.NoDelay = true;
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            await ServeAsync(stream, socket.RemoteEndPoint?.ToString() is { Length: > 0 } peer ? peer : "a local client", stopping.Token);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            // The edge of a connection: whatever ended it ends nothing else.
            options.ConnectionFailed?.Invoke(e);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
        finally
        {
            Interlocked.Decrement(ref connections);
        }
    }

    /// <summary>Called under the gate.</summary>
    private void Track(Task task)
    {
        running.Add(task);
        _ = task.ContinueWith(
            ended =>
            {
                lock (gate) running.Remove(ended);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
