using System.Buffers;
using System.Net.Sockets;

namespace HyperBdr.Engine.Nbd;

/// <summary>The receiving half of a connection: small messages through one pooled buffer, large payloads straight into their place.</summary>
/// <remarks>For one reader. A connection that ends inside of a message, or fails, is <see cref="Fault.Protocol"/>.</remarks>
internal sealed class Inbound(Stream stream, string peer) : IDisposable
{
    /// <summary>The longest message that <see cref="TakeAsync"/> gives.</summary>
    public const int Capacity = NbdProtocol.MaxOptionBytes;

    private byte[]? buffer = ArrayPool<byte>.Shared.Rent(Capacity);
    private int start;
    private int end;

    /// <summary>Bytes that came already and were not asked for yet.</summary>
    public int Buffered => end - start;

    /// <summary>The next <paramref name="count"/> bytes; theirs until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync(int count, CancellationToken ct)
    {
        if (Buffered < count) await FillAsync(count, ct);
        var taken = Live().AsMemory(start, count);
        start += count;
        return taken;
    }

    /// <summary>False when the peer closed the connection before another byte.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken ct)
    {
        if (Buffered > 0) return true;
        start = end = 0;
        end = await ReceiveAsync(Live().AsMemory(0, Capacity), ct);
        return end > 0;
    }

    /// <summary>Fills <paramref name="into"/>.</summary>
    public async ValueTask ReadAsync(Memory<byte> into, CancellationToken ct)
    {
        var first = Math.Min(Buffered, into.Length);
        Live().AsSpan(start, first).CopyTo(into.Span);
        start += first;
        for (var done = first; done < into.Length;)
        {
            // A short rest comes through the buffer together with what follows it.
            if (into.Length - done < 4096)
            {
                var rest = await TakeAsync(into.Length - done, ct);
                rest.CopyTo(into[done..]);
                return;
            }

            var got = await ReceiveAsync(into[done..], ct);
            if (got == 0) throw Ended();
            done += got;
        }
    }

    /// <summary>Passes over so many bytes.</summary>
    public async ValueTask SkipAsync(long count, CancellationToken ct)
    {
        while (count > 0)
        {
            if (!await WaitAsync(ct)) throw Ended();
            var some = (int)Math.Min(count, Buffered);
            start += some;
            count -= some;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref buffer, null) is { } rented) ArrayPool<byte>.Shared.Return(rented);
    }

    private async ValueTask FillAsync(int count, CancellationToken ct)
    {
        if (count > Capacity) throw new ArgumentOutOfRangeException(nameof(count), count, null);
        var live = Live();
        if (start + count > Capacity || start == end)
        {
            live.AsSpan(start, Buffered).CopyTo(live);
            end -= start;
            start = 0;
        }

        while (Buffered < count)
        {
            var got = await ReceiveAsync(live.AsMemory(end, Capacity - end), ct);
            if (got == 0) throw Ended();
            end += got;
        }
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> into, CancellationToken ct)
    {
        try
        {
            return await stream.ReadAsync(into, ct);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ConnectionLostException(peer, "the connection was lost", e);
        }
    }

    private byte[] Live() => buffer ?? throw new ObjectDisposedException(nameof(Inbound));

    private ConnectionLostException Ended() => new(peer, "the connection ended inside of a message");
}

/// <summary>The connection is gone: nothing that the peer said was wrong, there is just no more of it.</summary>
internal sealed class ConnectionLostException(string peer, string message, Exception? inner = null) : EngineException(Fault.Protocol, peer, message, inner);
